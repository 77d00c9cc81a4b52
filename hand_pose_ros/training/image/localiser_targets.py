"""What the localiser should say about an image: hands' squares from keypoints, and the map of their centres.

A hand's square is the pose network's crop before it is grown (``roi`` of the pose part of the model card, see
``region.pose_crop``): same centre, and a side of the longer side of the box around ``keypoints``. With ``box_scale``
equal to the roi's ``scale`` and no ``box_shift``, the localiser's crop is the one in which tracking goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from hand_pose_ros.networks.hand_localiser import UNIT, cell_centres
from hand_pose_ros.training.hand_squares import Squares, squares
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND

NARROWEST, WIDEST, SPREAD = 0.7, 2.0, 0.17
"""Deviation of a hand's bump in cells: SPREAD of its square's side, within limits."""
LEARNS = 0.3
"""Cells above this height of a bump learn the hand's place."""
SMALLEST = 0.02
"""Squares below this share of the input are doubtful: they are less than a quarter of a cell, or 4 of 192 pixels."""
IGNORED = 0.75
"""Radius, in squares, around a doubtful hand in which a hand may or may not be said."""


@dataclass
class Targets:
    """For the A = G x G cells of N images."""

    heat: torch.Tensor
    """(N, A) 1 at a hand's cell, falling around it, 0 elsewhere."""
    counts: torch.Tensor
    """(N, A) 0 where nothing is learnt about scores."""
    values: torch.Tensor
    """(N, A, 8) what ``HandLocaliser.values`` should say of the nearest hand after its score; the side is 0 to 1."""
    weight: torch.Tensor
    """(N, A) how much that counts."""


def targets(batch: FrameBatch, roi: Mapping, grid: int) -> Targets:
    """The targets of a batch for a network with ``grid`` x ``grid`` cells."""
    hands = squares(batch.keypoints, roi)
    inside = ((hands.centre > 0) & (hands.centre < 1)).all(dim=-1)
    good = (batch.state == HAND) & inside & (hands.size > SMALLEST)
    doubtful = ((batch.state == DOUBTFUL) | (batch.state == HAND)) & ~good
    cells = cell_centres(grid).to(hands.centre)
    bumps = _bumps(hands, cells, grid) * good[..., None]
    heat, owner = bumps.max(dim=1)
    distance = (cells - hands.centre[:, :, None]).norm(dim=-1)
    near = distance < (IGNORED * hands.size).clamp_min(1.0 / grid)[..., None]
    ignored = (near & doubtful[..., None]).any(dim=1) & (heat < LEARNS)
    weight = torch.where(heat >= LEARNS, heat, torch.zeros_like(heat))
    return Targets(heat, (~ignored).to(heat), _values(hands, batch.right, owner, cells, grid), weight)


def _bumps(hands: Squares, cells: torch.Tensor, grid: int) -> torch.Tensor:
    """(N, M, A) a Gaussian about the cell that holds each hand's centre (Zhou et al. 2019, section 3)."""
    holder = ((hands.centre * grid).floor().clamp(0, grid - 1) + 0.5) / grid
    square = ((cells - holder[:, :, None]) * grid).square().sum(dim=-1)
    deviation = (SPREAD * hands.size * grid).clamp(NARROWEST, WIDEST)
    return (-0.5 * square / deviation.square()[..., None]).exp()


def _values(hands: Squares, right: torch.Tensor, owner: torch.Tensor, cells: torch.Tensor, grid: int) -> torch.Tensor:
    """(N, A, 8) of the hand ``owner`` (N, A): the inverse of ``HandLocaliser.placed``."""

    def of_owner(values: torch.Tensor) -> torch.Tensor:
        index = owner.reshape(*owner.shape, *(1,) * (values.ndim - 2)).expand(*owner.shape, *values.shape[2:])
        return values.gather(1, index)

    centre, size, axis = of_owner(hands.centre), of_owner(hands.size).clamp_min(1e-4), of_owner(hands.axis)
    along = (axis - centre[..., None, :]) / size[..., None, None]
    return torch.cat(
        [(centre - cells) * grid, (size / UNIT).log()[..., None], along.flatten(2), of_owner(right)[..., None]], dim=-1
    )
