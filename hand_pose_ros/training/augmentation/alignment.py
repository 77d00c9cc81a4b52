"""Crops as tracking takes them: upright, about the middle of the hand, as large as the hand asks for."""

from __future__ import annotations

from dataclasses import replace

import torch

from hand_pose_ros.training.augmentation.crop_change import CropChange
from hand_pose_ros.training.augmentation.settings import AugmentationSettings
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.hand_squares import squares

WHOLE_HAND = {"keypoints": list(range(21)), "axis": {"from": [0], "to": [5, 9, 9, 13]}, "shift": [0.0, 0.0]}
"""``roi`` of models/hand_pose_s.yaml, without its scale: all keypoints, upright from the wrist to the knuckles."""


def aligned(change: CropChange, batch: HandBatch, settings: AugmentationSettings) -> CropChange:
    """``change`` about the crop that tracking would take, ``settings.aligned`` of the way from the stored crop to it.

    Hands without all their keypoints and crops without a hand keep the stored crop.
    """
    square = squares(batch.keypoints[:, None], WHOLE_HAND)
    along = (square.axis[:, 0, 1] - square.axis[:, 0, 0]).nan_to_num()
    known = (batch.keypoint_weight > 0).all(dim=1) & (batch.present > 0.5) & (along.norm(dim=1) > 1e-6)
    share = settings.aligned * known
    angle = torch.where(known, torch.atan2(along[:, 0], -along[:, 1]), 0.0)
    middle = torch.where(known[:, None], square.centre[:, 0], 0.5)
    wanted = (settings.aligned_side * square.size[:, 0]).clamp(0.3, 3.0)
    side = torch.where(known, wanted, 1.0) ** share
    centre = 0.5 + share[:, None] * (middle - 0.5) + side[:, None] * (change.centre - 0.5)
    return replace(change, centre=centre, side=side * change.side, angle=share * angle + change.angle)
