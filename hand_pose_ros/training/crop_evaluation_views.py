"""What a network says of crops as they are, turned, and in a mirror."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from hand_pose_ros.training.augmentation.crop_change import CropChange, changed
from hand_pose_ros.training.augmentation.settings import BORDER
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_targets import left_hands, mirrored

SEES = ("both", "right")


@torch.no_grad()
def answer(network: Callable, batch: HandBatch, sees: str = "both") -> dict[str, torch.Tensor]:
    """The pose outputs for the crops. ``sees`` ``right``: left hands are shown mirrored, but each side is judged on the
    crop as it came, since the mirroring would tell it."""
    if sees not in SEES:
        raise ValueError(f"sees is {sees!r}: give one of {', '.join(SEES)}")
    outputs, rows = dict(network(batch.images)), left_hands(batch)
    if sees == "both" or not rows.any():
        return outputs
    shown = unmirrored(dict(network(mirrored(batch, rows).images)), rows)
    return shown | {"right": outputs["right"]}


@torch.no_grad()
def mirrored_answer(network: Callable, batch: HandBatch, sees: str = "both") -> dict[str, torch.Tensor]:
    """The outputs for the crops' mirror images, turned back into the crops."""
    rows = torch.ones_like(batch.present, dtype=torch.bool)
    return unmirrored(answer(network, mirrored(batch, rows), sees), rows)


def unmirrored(outputs: dict[str, torch.Tensor], rows: torch.Tensor) -> dict[str, torch.Tensor]:
    """Outputs whose ``rows`` (N,) bool were seen in a mirror, as if they had not been."""
    result, wide = dict(outputs), rows[:, None]
    x, y = outputs["keypoints"].unbind(dim=2)
    result["keypoints"] = torch.stack([torch.where(wide, 1.0 - x, x), y], dim=2)
    if "joints" in outputs:
        across = outputs["joints"].new_tensor([-1.0, 1.0, 1.0])
        result["joints"] = torch.where(wide[..., None], outputs["joints"] * across, outputs["joints"])
    result["right"] = torch.where(rows, 1.0 - outputs["right"], outputs["right"])
    return result


def turned(batch: HandBatch, degrees: float) -> HandBatch:
    """The crops turned clockwise about their centres; what was outside repeats the border.

    Labels move along exactly (``augmentation.crop_change``); keypoints that leave the crop lose their weight.
    """
    still = CropChange.none(len(batch), batch.images.device)
    angle = torch.full_like(still.side, -math.radians(degrees))  # the crop turns the other way than its picture
    view = changed(batch, replace(still, angle=angle), batch.images.shape[-1], BORDER)
    inside = ((view.keypoints >= 0.0) & (view.keypoints <= 1.0)).all(dim=2)
    return replace(view, keypoint_weight=batch.keypoint_weight * inside)
