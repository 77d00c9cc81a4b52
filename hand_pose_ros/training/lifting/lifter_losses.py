"""What a lifter is trained for, and the figures by which it is judged, on ``Batch``es of views."""

from __future__ import annotations

import torch

from hand_pose_ros.networks.lifter import GIVEN, PLACES
from hand_pose_ros.training.lifting.views import Batch
from hand_pose_ros.training.losses.bones import bone_vectors
from hand_pose_ros.training.losses.quantile import coverage_loss

_MOVING = [index for index in range(21) if index != 9]  # the middle MCP is the origin


def losses(network: torch.nn.Module, batch: Batch, bone_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Total loss and mean joint distance in hand scales.

    Mean Euclidean distance of joints and of keypoints, the same of the bones (after He et al. 2021), the relative
    error of the distance, and how far the stated deviations are from covering 68 % of each error.
    """
    output = network(batch.inputs)
    error, shift, farther = errors(output, batch)
    distance = error.norm(dim=2).mean()
    bones = (bone_vectors(output["joints"]) - bone_vectors(batch.joints)).norm(dim=2).mean()
    total = distance + shift.norm(dim=2).mean() + farther.abs().mean() + bone_weight * bones
    return total + 0.1 * _uncovered(output, error.detach(), shift.detach(), farther.detach()), distance.detach()


def errors(output: dict[str, torch.Tensor], batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of joints (N, 21, 3) in hand scales, of keypoints (N, 21, 2), of the distance (N,) relative (a logarithm)."""
    farther = output["distance"].log() - batch.distance.log()
    return output["joints"] - batch.joints, output["keypoints"] - batch.keypoints, farther


def _uncovered(output, error, shift, farther) -> torch.Tensor:
    across = output["joint_stddev"][:, _MOVING, :1].expand(-1, -1, 2)
    parts = (
        coverage_loss(error[:, _MOVING, :2], across),
        coverage_loss(error[:, _MOVING, 2], output["joint_stddev"][:, _MOVING, 1]),
        coverage_loss(shift, output["keypoint_stddev"][..., None].expand(-1, -1, 2)),
        coverage_loss(farther, output["distance_stddev"]),
    )
    return sum(part.mean() for part in parts)


def figures(output: dict[str, torch.Tensor], batch: Batch) -> dict[str, float]:
    """Mean errors, and the share of them within the stated deviations."""
    error, shift, farther = errors(output, batch)
    given, distance = batch.inputs[:, GIVEN] > 0, error[:, _MOVING].norm(dim=2).mean(dim=1)
    across, along = (output["joint_stddev"][:, _MOVING, k] for k in (0, 1))
    before = batch.inputs[:, PLACES].reshape(-1, 21, 2) - batch.keypoints
    return {
        "keypoint_error": float(shift.norm(dim=2).mean()),
        "keypoint_error_before": float(before.norm(dim=2).mean()),
        "joint_error": float(distance.mean()),
        "joint_error_with_guess": float(distance[given].mean()),
        "joint_error_without_guess": float(distance[~given].mean()),
        "distance_error": float(farther.abs().mean()),
        "covered_across": _covered(error[:, _MOVING, :2], across[..., None]),
        "covered_along": _covered(error[:, _MOVING, 2], along),
        "covered_keypoints": _covered(shift, output["keypoint_stddev"][..., None]),
        "covered_distance": _covered(farther, output["distance_stddev"]),
    }


def _covered(error: torch.Tensor, stddev: torch.Tensor) -> float:
    return float((error.abs() <= stddev).float().mean())
