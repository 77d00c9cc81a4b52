"""Patches before the hand: ellipses and boxes near its keypoints, which hide what they cover."""

from __future__ import annotations

from dataclasses import replace

import torch

from hand_pose_ros.training.augmentation.background import textures
from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch

OBJECT = 19
"""The renderer's number of an object in ``segments``."""
SMALLEST = 0.08
FEWEST_VISIBLE = 8
"""Patches that leave fewer keypoints uncovered are not drawn: nobody could tell the pose."""


def occluded(batch: HandBatch, settings: AugmentationSettings, draws: Draws) -> HandBatch:
    """The batch with patches before some hands. Images and segments are changed in place."""
    for share in (settings.occlusion, 0.3 * settings.occlusion):
        rows = draws.rows(len(batch), share)
        if len(rows):
            batch = _with_patches(batch, rows, settings, draws)
    return batch


def _with_patches(batch: HandBatch, rows: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> HandBatch:
    patch = Patches.near(batch.keypoints[rows], settings.occluder_size, draws)
    covered = patch.cover(batch.keypoints[rows])
    drawn = (~covered).sum(dim=1) >= FEWEST_VISIBLE
    size = batch.images.shape[-1]
    mask = patch.cover(pixel_centres(size, rows.device)).view(-1, 1, size, size) & drawn[:, None, None, None]
    batch.images[rows] = torch.where(mask, textures(len(rows), size, draws), batch.images[rows])
    segments = batch.segments[rows]
    known = segments != UNKNOWN_SEGMENT
    batch.segments[rows] = torch.where(mask[:, 0] & known, torch.full_like(segments, OBJECT), segments)
    visible = batch.visible.clone()
    visible[rows] = torch.where(covered & drawn[:, None] & ~visible[rows].isnan(), 0.0, visible[rows])
    return replace(batch, visible=visible)


class Patches:
    """One ellipse or box per row, in fractions of the crop."""

    def __init__(self, middle: torch.Tensor, axes: torch.Tensor, angle: torch.Tensor, box: torch.Tensor):
        self.middle, self.axes, self.angle, self.box = middle, axes, angle, box

    @classmethod
    def near(cls, keypoints: torch.Tensor, largest: float, draws: Draws) -> Patches:
        """Random patches, each near one keypoint of its row of ``keypoints`` (N, 21, 2)."""
        count = len(keypoints)
        chosen = (draws.uniform(count) * keypoints.shape[1]).long().clamp_max(keypoints.shape[1] - 1)
        middle = keypoints[torch.arange(count, device=keypoints.device), chosen] + 0.06 * draws.normal(count, 2)
        axes = 0.5 * draws.uniform(count, 2, low=min(SMALLEST, largest), high=largest)
        return cls(middle, axes, draws.uniform(count, high=torch.pi), draws.uniform(count) < 0.5)

    def cover(self, points: torch.Tensor) -> torch.Tensor:
        """(N, K) bool: which of points (N, K, 2) or (1, K, 2) lie behind the patch of their row."""
        cosine, sine = self.angle.cos()[:, None], self.angle.sin()[:, None]
        x, y = (points - self.middle[:, None]).unbind(dim=2)
        along, across = (cosine * x + sine * y) / self.axes[:, :1], (cosine * y - sine * x) / self.axes[:, 1:]
        return torch.where(self.box[:, None], torch.maximum(along.abs(), across.abs()), along.hypot(across)) <= 1


def pixel_centres(size: int, device) -> torch.Tensor:
    """(1, size * size, 2) fractions of the crop, row by row."""
    axis = (torch.arange(size, device=device) + 0.5) / size
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=-1).view(1, -1, 2)
