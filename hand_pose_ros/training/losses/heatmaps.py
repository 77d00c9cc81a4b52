"""Heatmaps as distributions over cells, compared with Gaussians about the labelled keypoints."""

from __future__ import annotations

import torch

MARGIN = 0.03
"""Keypoints this far outside of the crop, in its sides, still have a heatmap: the part of their Gaussian inside."""


def gaussian(keypoints: torch.Tensor, height: int, width: int, sigma: float) -> torch.Tensor:
    """Distributions (N, K, H, W) that sum to 1: Gaussians of ``sigma`` cells about ``keypoints`` (N, K, 2) fractions.

    Separable (SimCC writes x and y apart for the same reason: Li et al. 2022): two vectors per keypoint, one product.
    """
    across = _profile(keypoints[..., 0], width, sigma)
    down = _profile(keypoints[..., 1], height, sigma)
    return down[..., :, None] * across[..., None, :]


def _profile(place: torch.Tensor, cells: int, sigma: float) -> torch.Tensor:
    centres = torch.arange(cells, device=place.device, dtype=torch.float32) + 0.5
    return (-0.5 * ((centres - place[..., None] * cells) / sigma) ** 2).softmax(dim=-1)


def inside(keypoints: torch.Tensor) -> torch.Tensor:
    """(N, K) 1 for keypoints (N, K, 2) that a heatmap over the crop can hold, else 0."""
    held = (keypoints > -MARGIN) & (keypoints < 1 + MARGIN)
    return held.all(dim=-1).to(keypoints.dtype)


def heatmap_divergence(
    logits: torch.Tensor, keypoints: torch.Tensor, weight: torch.Tensor, sigma: float
) -> torch.Tensor:
    """Weighted mean of the Kullback-Leibler divergence of softmax(``logits``) (N, K, H, W) from its Gaussian.

    ``weight`` (N, K), 0 for unlabelled keypoints. A mean of 0 keypoints is 0.
    """
    keypoints = torch.where((weight > 0)[..., None], keypoints, 0.5)  # what is unknown may hold anything
    target = gaussian(keypoints, *logits.shape[2:], sigma).flatten(2)
    predicted = logits.flatten(2).float().log_softmax(dim=2)
    entropy = -(target * target.clamp_min(1e-12).log()).sum(dim=2)
    return weighted_mean(-(target * predicted).sum(dim=2) - entropy, weight)


def weighted_mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Scalar: mean of ``values`` by ``weight`` of the same shape; 0 where all weights are 0, whatever the values."""
    values = torch.where(weight > 0, values, torch.zeros_like(values))
    return (values * weight).sum() / weight.sum().clamp_min(1e-6)
