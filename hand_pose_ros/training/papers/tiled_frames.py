"""Pictures with several small hands, laid out of crops: what localisers that see whole images are trained on."""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.papers.mosaic import BLACK
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND, NOTHING

LABELLED = 21


def tiled_frames(batch: HandBatch, tiles: int, generator: torch.Generator | None = None) -> FrameBatch:
    """As many pictures as crops, each of ``tiles`` by ``tiles`` crops drawn at random, a share of them black.

    With one tile the pictures are the crops themselves. Hands with unlabelled keypoints are doubtful.
    """
    count, device = len(batch), batch.images.device
    chosen = torch.arange(count, device=device).reshape(-1, 1, 1)
    shown = torch.ones(count, 1, 1, dtype=torch.bool, device=device)
    if tiles > 1:
        chosen = torch.randint(count, (count, tiles, tiles), device=device, generator=generator)
        shown = torch.rand(chosen.shape, device=device, generator=generator) >= BLACK
    size = batch.images.shape[-1]
    small = -(-size // tiles)
    return FrameBatch(
        _picture(_shrunk(batch.images, small)[chosen] * shown[..., None, None, None], size),
        _places(batch.keypoints[chosen], small / size).flatten(1, 2),
        torch.where(shown, _states(batch)[chosen], NOTHING).flatten(1),
        torch.nan_to_num(batch.right, nan=0.5)[chosen].flatten(1),
        batch.real[chosen].flatten(1).amax(dim=1),
    )


def _shrunk(images: torch.Tensor, size: int) -> torch.Tensor:
    if images.shape[-1] == size:
        return images
    return functional.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def _picture(tiles: torch.Tensor, size: int) -> torch.Tensor:
    """(N, T, T, 3, s, s), rows first, to (N, 3, size, size)."""
    count, across, _, channels, small, _ = tiles.shape
    picture = tiles.permute(0, 3, 1, 4, 2, 5).reshape(count, channels, across * small, across * small)
    return picture[..., :size, :size].contiguous()


def _places(keypoints: torch.Tensor, step: float) -> torch.Tensor:
    """Keypoints (N, T, T, 21, 2) of crops in the picture of which each tile is the share ``step``."""
    tiles = torch.arange(keypoints.shape[1], device=keypoints.device, dtype=keypoints.dtype)
    row, column = torch.meshgrid(tiles, tiles, indexing="ij")
    return (keypoints + torch.stack([column, row], dim=-1)[:, :, None]) * step


def _states(batch: HandBatch) -> torch.Tensor:
    whole = (batch.keypoint_weight > 0).sum(dim=1) == LABELLED
    present = batch.present > 0.5
    sure = torch.where(present & whole, HAND, DOUBTFUL)
    return torch.where(present, sure, NOTHING)
