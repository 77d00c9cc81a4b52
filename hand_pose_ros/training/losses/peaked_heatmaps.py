"""Heatmaps with a peak of 1, as the papers regress them; ``heatmaps.py`` has those that sum to 1.

Shapes: heatmaps (N, K, H, W); keypoints (N, K, 2) in fractions; weights (N, K), 0 for what is not labelled, so that
partly labelled data train what they have labels for (Chernytska 2019, section 3.5).
"""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.losses.heatmaps import weighted_mean


def peaked_gaussian(
    keypoints: torch.Tensor, height: int, width: int, sigma: float, shown: torch.Tensor | None = None
) -> torch.Tensor:
    """Targets (N, K, H, W): exp(-d^2 / (2 sigma^2)), d in cells from the keypoint; zero where ``shown`` (N, K) is 0.

    A hidden keypoint has a map of zeros in Zimmermann & Brox 2017 (supplement) and in Chernytska 2019.
    """
    across = _profile(keypoints[..., 0], width, sigma)
    down = _profile(keypoints[..., 1], height, sigma)
    if shown is not None:
        down = torch.where(shown[..., None] > 0, down, torch.zeros_like(down))
    return down[..., :, None] * across[..., None, :]


def _profile(place: torch.Tensor, cells: int, sigma: float) -> torch.Tensor:
    centres = torch.arange(cells, device=place.device, dtype=place.dtype) + 0.5
    return torch.exp(-0.5 * ((centres - place[..., None] * cells) / sigma) ** 2)


def heatmap_squared_error(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted mean over keypoints of the sum of squared differences over the map.

    A sum, for a mean over the mostly empty map would shrink with its resolution.
    """
    return weighted_mean((predicted - target).square().sum(dim=(2, 3)), weight)


def heatmap_cross_entropy(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted mean over keypoints of the sum over the map of the cross-entropy of sigmoid(``logits``) with ``target``.

    Less the target's own entropy: 0 where they are equal. Unlike the squared error of a sigmoid it has a slope where
    the map says 0 for a 1.
    """
    cross = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = -torch.xlogy(target, target) - torch.xlogy(1.0 - target, 1.0 - target)
    return weighted_mean((cross - entropy).sum(dim=(2, 3)), weight)


def heatmap_iou_loss(
    predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, smallest: float = 1e-6
) -> torch.Tensor:
    """1 - IoU of heatmaps in 0..1, weighted mean over keypoints (Chernytska 2019).

    IoU = sum(p t) / (sum(p^2) + sum(t^2) - sum(p t)); of two empty maps it is 1.
    """
    common = (predicted * target).sum(dim=(2, 3))
    union = predicted.square().sum(dim=(2, 3)) + target.square().sum(dim=(2, 3)) - common
    return weighted_mean(1.0 - (common + smallest) / (union + smallest), weight)
