"""Crops as tracking takes them: upright, about the middle of the hand, as large as the hand asks for."""

from __future__ import annotations

from dataclasses import replace

import torch

from hand_pose_ros.hand import INDEX_MCP, MIDDLE_MCP, WRIST
from hand_pose_ros.training.augmentation.crop_change import CropChange
from hand_pose_ros.training.augmentation.settings import AugmentationSettings
from hand_pose_ros.training.hand_batch import HandBatch

KNUCKLES = (INDEX_MCP, MIDDLE_MCP, MIDDLE_MCP, 13)
"""Their mean, seen from the wrist, is up in the crop: the axis of the pose crops (``roi`` of the model cards)."""


def aligned(change: CropChange, batch: HandBatch, settings: AugmentationSettings) -> CropChange:
    """``change`` about the crop that tracking would take, ``settings.aligned`` of the way from the stored crop to it.

    Hands without all their keypoints and crops without a hand keep the stored crop.
    """
    share = settings.aligned * (batch.keypoint_weight > 0).all(dim=1) * (batch.present > 0.5)
    angle, middle, extent = upright_box(batch.keypoints)
    side = torch.where(share > 0, (settings.aligned_side * extent).clamp(0.3, 3.0), torch.ones_like(extent)) ** share
    centre = 0.5 + share[:, None] * (middle - 0.5) + side[:, None] * (change.centre - 0.5)
    return replace(change, centre=centre, side=side * change.side, angle=share * angle + change.angle)


def upright_box(keypoints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of keypoints (N, 21, 2): the angle (N,) by which an upright crop is turned, clockwise; the middle (N, 2) of their
    box in that crop, and the box's longer side (N,). The angle is 0 where wrist and knuckles coincide."""
    along = keypoints[:, KNUCKLES].mean(dim=1) - keypoints[:, WRIST]
    angle = torch.where(
        along.norm(dim=1) > 1e-6, torch.atan2(along[:, 0], -along[:, 1]), torch.zeros(len(along)).to(along)
    )
    cosine, sine = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    local = keypoints @ turn
    low, high = local.amin(dim=1), local.amax(dim=1)
    return angle, (turn @ ((low + high) / 2)[..., None])[..., 0], (high - low).amax(dim=1)
