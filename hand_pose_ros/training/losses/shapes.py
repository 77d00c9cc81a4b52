"""Losses of whole hands: against an active shape model's smoothed truth, and of the canonical pose and viewpoint."""

from __future__ import annotations

import torch

from hand_pose_ros.training.active_shape import ActiveShape
from hand_pose_ros.training.losses.heatmaps import weighted_mean


def pose_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_pose of He et al. 2021, section 3.1: sum over joints of the squared distance, mean over hands.

    Joints (N, K, 3), ``weight`` (N, K).
    """
    return predicted.shape[1] * weighted_mean((predicted - target).square().sum(-1), weight)


def active_shape_loss(
    predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, model: ActiveShape
) -> torch.Tensor:
    """L_asm of He et al. 2021, section 3.2.2: ``pose_loss`` against the model's shape nearest to the truth."""
    return pose_loss(predicted, model.nearest(target).detach(), weight)


def canonical_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_c of Zimmermann & Brox 2017, equation 8: squared distance of canonical coordinates (N, 21, 3), per coordinate.

    ``weight`` (N, 21). A mean over coordinates, as in their public code; equation 8 sums them.
    """
    return weighted_mean((predicted - target).square().mean(-1), weight)


def viewpoint_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_r of equation 9: squared difference of rotation matrices (N, 3, 3), a mean over entries; ``weight`` (N,)."""
    return weighted_mean((predicted - target).square().mean((1, 2)), weight)
