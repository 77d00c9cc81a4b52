"""Losses of places: keypoints (N, K, 2) or joints (N, K, 3), with weights (N, K) that are 0 where there is no label."""

from __future__ import annotations

import torch

from hand_pose_ros.training.losses.heatmaps import weighted_mean


def squared_error(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean squared error per coordinate, weighted mean over the points: the MSE of the papers, masked."""
    return weighted_mean((predicted - target).square().mean(dim=-1), weight)


def distance_error(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean Euclidean distance, weighted mean over the points. Its gradient is 0 where a point is exactly right."""
    square = (predicted - target).square().sum(dim=-1)
    return weighted_mean(torch.where(square > 0, square.clamp_min(1e-24).sqrt(), torch.zeros_like(square)), weight)
