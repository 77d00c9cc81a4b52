"""Losses of the localiser: is there a hand (Zhou et al. 2019, equation 1), where, which way, which side."""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.networks.hand_localiser import UNIT
from hand_pose_ros.training.image.localiser_targets import Targets


def score_loss(logit: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Penalty-reduced focal loss (CenterNet, equation 1; alpha 2, beta 4) of logits (N, A), per hand of the batch."""
    score = logit.sigmoid()
    peak = (targets.heat >= 1.0).to(logit)
    found = peak * (1 - score).square() * functional.logsigmoid(logit)
    empty = (1 - peak) * targets.counts * (1 - targets.heat).pow(4) * score.square() * functional.logsigmoid(-logit)
    return -(found + empty).sum() / peak.sum().clamp_min(1.0)


def place_losses(values: torch.Tensor, targets: Targets, grid: int) -> dict[str, torch.Tensor]:
    """Mean errors at the cells that know a hand: centre and axis in squares, size as a logarithm, side in nats.

    ``values`` (N, A, 8): the network's, without the score.
    """
    weight = targets.weight / targets.weight.sum().clamp_min(1e-6)
    wanted, size = targets.values, UNIT * grid * targets.values[..., 2:3].exp()

    def mean(errors: torch.Tensor) -> torch.Tensor:
        return (weight * errors.sum(dim=-1)).sum()

    def soft(name: slice, scale=1.0) -> torch.Tensor:
        said, true = values[..., name] / scale, wanted[..., name] / scale
        return mean(functional.smooth_l1_loss(said, true, reduction="none", beta=0.05))

    side = functional.binary_cross_entropy_with_logits(values[..., 7:8], wanted[..., 7:8], reduction="none")
    return {"centre": soft(slice(0, 2), size), "size": soft(slice(2, 3)), "axis": soft(slice(3, 7)), "side": mean(side)}
