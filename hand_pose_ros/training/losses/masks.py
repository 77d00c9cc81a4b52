"""Losses of segmentation: predicted masks in 0..1 against drawn ones, both (N, H, W)."""

from __future__ import annotations

import torch

from hand_pose_ros.training.losses.heatmaps import weighted_mean

L1_SHARE, DICE_SHARE = 0.4, 0.6
"""Kourbane & Genc 2021."""


def soft_dice_loss(
    predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, smallest: float = 1e-6
) -> torch.Tensor:
    """1 - 2 sum(p t) / (sum(p^2) + sum(t^2)), weighted mean over the batch, ``weight`` (N,).

    The soft overlap of Milletari et al. 2016, equation 3; of two empty masks it is 1.
    """
    common = (predicted * target).sum(dim=(1, 2))
    total = predicted.square().sum(dim=(1, 2)) + target.square().sum(dim=(1, 2))
    return weighted_mean(1.0 - (2 * common + smallest) / (total + smallest), weight)


def l1_mask_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference per pixel, weighted mean over the batch, ``weight`` (N,)."""
    return weighted_mean((predicted - target).abs().mean(dim=(1, 2)), weight)


def skeleton_mask_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """0.4 L1 + 0.6 SoftDice of a segmented skeleton (Kourbane & Genc 2021), ``weight`` (N,)."""
    return L1_SHARE * l1_mask_loss(predicted, target, weight) + DICE_SHARE * soft_dice_loss(predicted, target, weight)
