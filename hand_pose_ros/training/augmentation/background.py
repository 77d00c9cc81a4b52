"""Hands before other backgrounds, cut out by their masks.

With mask M, picture I and background B the picture becomes

    I' = M * I + (1 - M) * (b * I + (1 - b) * B)

b = 0 replaces the background; b > 0 blends the old one in, which hides the mask's edge. Backgrounds are pieces of the
batch's own crops without a hand, photographs that the caller hands over, and procedural textures.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch

OCTAVES = (2, 5, 13, 40)


def replaceable(batch: HandBatch) -> torch.Tensor:
    """(N,) bool: rows with a hand and a mask."""
    segments = batch.segments.flatten(1)
    return (batch.present > 0.5) & (segments != UNKNOWN_SEGMENT).all(dim=1) & (segments > 0).any(dim=1)


def before_backgrounds(
    batch: HandBatch, settings: AugmentationSettings, draws: Draws, photographs: torch.Tensor | None = None
) -> torch.Tensor:
    """The batch's images (N, 3, S, S), some with other backgrounds; what has no mask keeps its own.

    ``photographs`` (P, 3, H, W) uint8 or float 0 to 1, on the same device.
    """
    count, size = batch.images.shape[0], batch.images.shape[-1]
    rows = draws.rows(count, settings.background)
    rows = rows[replaceable(batch)[rows]]
    if not len(rows):
        return batch.images
    behind = textures(len(rows), size, draws)
    behind = _some_from(behind, photographs, 0.6, draws)
    behind = _some_from(behind, batch.images[batch.present < 0.5], 0.3, draws)
    old = torch.where(draws.uniform(len(rows)) < settings.blend, draws.uniform(len(rows), high=0.5), 0.0)
    images = batch.images.clone()
    images[rows] = composite(images[rows], soft_mask(batch.segments[rows]), behind, old)
    return images


def composite(images: torch.Tensor, mask: torch.Tensor, behind: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    """The formula above: images and backgrounds (N, 3, S, S), mask (N, 1, S, S) and ``old`` (N,), 0 to 1."""
    share = old[:, None, None, None]
    return mask * images + (1 - mask) * (share * images + (1 - share) * behind)


def soft_mask(segments: torch.Tensor) -> torch.Tensor:
    """(N, 1, S, S) 1 on hand, arm, sleeve and objects of segments (N, S, S), with an edge of about two pixels."""
    hard = (segments[:, None] > 0).float()
    return functional.avg_pool2d(functional.pad(hard, [1] * 4, mode="replicate"), 3, stride=1)


def textures(count: int, size: int, draws: Draws) -> torch.Tensor:
    """(count, 3, size, size) coloured noise of several scales, 0 to 1."""
    # Real rooms are less colourful than random colours.
    total = draws.uniform(count, 1, 1, 1) + 0.15 * draws.normal(count, 3, 1, 1)
    for cells in OCTAVES:
        # Coarse to fine on small grids: only the last step is as large as the crop.
        total = functional.interpolate(total, (cells, cells), mode="bilinear", align_corners=False)
        grain = 0.5 * draws.normal(count, 1, cells, cells) + 0.12 * draws.normal(count, 3, cells, cells)
        total = total + 0.3 * draws.uniform(count, 1, 1, 1) * grain
    total = functional.interpolate(total, (size, size), mode="bilinear", align_corners=False)
    return total.clamp_(0.0, 1.0)


def _some_from(behind: torch.Tensor, pool: torch.Tensor | None, share: float, draws: Draws) -> torch.Tensor:
    """``behind`` (N, 3, S, S), ``share`` of it replaced by pieces of ``pool`` (P, 3, H, W)."""
    if pool is None or not len(pool):
        return behind
    rows = draws.rows(len(behind), share)
    if len(rows):
        chosen = (draws.uniform(len(rows)) * len(pool)).long().clamp_max(len(pool) - 1)
        behind[rows] = pieces(pool[chosen], behind.shape[-1], draws)
    return behind


def pieces(pictures: torch.Tensor, size: int, draws: Draws) -> torch.Tensor:
    """(N, 3, size, size) random squares of pictures (N, 3, H, W), turned and mirrored at random, 0 to 1."""
    pictures = pictures.float() / 255.0 if pictures.dtype == torch.uint8 else pictures
    count = len(pictures)
    side = draws.uniform(count, low=0.3, high=0.9)
    middle = (1 - side)[:, None] * draws.uniform(count, 2, low=-1.0)
    angle = draws.uniform(count, low=-0.3, high=0.3)
    flip = torch.where(draws.uniform(count) < 0.5, -1.0, 1.0)
    rows = [torch.stack([angle.cos() * flip, -angle.sin()], 1), torch.stack([angle.sin() * flip, angle.cos()], 1)]
    affine = torch.cat([torch.stack(rows, 1) * side[:, None, None], middle[..., None]], dim=2)
    grid = functional.affine_grid(affine, (count, 3, size, size), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
