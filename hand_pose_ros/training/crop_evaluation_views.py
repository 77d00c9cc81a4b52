"""What a network says of crops as they are, turned, and in a mirror."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.nn import functional

from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.image.pose_targets import left_hands, mirrored

SEES = ("both", "right")


@torch.no_grad()
def answer(network: Callable, batch: HandBatch, sees: str = "both") -> dict[str, torch.Tensor]:
    """The pose outputs for the crops as they are. ``sees`` ``right``: left hands were shown mirrored."""
    if sees not in SEES:
        raise ValueError(f"sees is {sees!r}: give one of {', '.join(SEES)}")
    rows = left_hands(batch) if sees == "right" else torch.zeros_like(batch.present, dtype=torch.bool)
    return unmirrored(dict(network(mirrored(batch, rows).images)), rows)


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
    """The crops turned clockwise about their centres; what was outside repeats the border. Segments become unknown.

    Pixels p go to c + R (p - c) = A p. With joints turned about the viewing axis, Z, the camera is A K Z^T, again
    without skew where its two focal lengths are equal. Keypoints that leave the crop lose their weight.
    """
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    plane = batch.keypoints.new_tensor([[cosine, -sine], [sine, cosine]])
    axis = torch.eye(3).to(plane)
    axis[:2, :2] = plane
    affine = axis.clone()
    affine[:2, 2] = 0.5 - plane @ plane.new_tensor([0.5, 0.5])
    keypoints = (batch.keypoints - 0.5) @ plane.T + 0.5
    inside = ((keypoints >= 0.0) & (keypoints <= 1.0)).all(dim=2)
    return replace(
        batch,
        images=_turned_images(batch.images, plane),
        keypoints=keypoints,
        keypoint_weight=batch.keypoint_weight * inside,
        joints=batch.joints @ axis.T,
        root=batch.root @ axis.T,
        camera=affine @ batch.camera @ axis.T,
        segments=torch.full_like(batch.segments, UNKNOWN_SEGMENT),
    )


def _turned_images(images: torch.Tensor, plane: torch.Tensor) -> torch.Tensor:
    """The inverse of ``plane`` (2, 2) says where each new pixel comes from."""
    source = torch.cat([plane.T, torch.zeros_like(plane[:, :1])], dim=1).expand(len(images), 2, 3)
    grid = functional.affine_grid(source, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
