"""From heatmaps to places: soft-argmax and what a heatmap tells about its own certainty."""

from __future__ import annotations

import torch


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """(N, K, H, W) to distributions (N, K, H * W) over the cells, in float32."""
    return logits.flatten(2).float().softmax(dim=2)


def cell_centres(height: int, width: int, device=None) -> torch.Tensor:
    """(H * W, 2) x, y of the cells' centres in fractions: the first at 0.5 / W, 0.5 / H."""
    x = (torch.arange(width, dtype=torch.float32, device=device) + 0.5) / width
    y = (torch.arange(height, dtype=torch.float32, device=device) + 0.5) / height
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], dim=1)


def expectation(distribution: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Mean of ``values`` (N or 1, K or 1, C) under distributions (N, K, C): (N, K).

    Places in this way are integral regression (Sun et al. 2018, equation 2). A sum of products, not a matrix product:
    autocast would take that to half precision.
    """
    return (distribution * values).sum(dim=2)


def mean_place(distribution: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """Soft-argmax: distributions (N, K, C) over cells at ``centres`` (C, 2) to places (N, K, 2)."""
    return torch.stack([expectation(distribution, centres[:, axis]) for axis in (0, 1)], dim=2)


def pooled(features: torch.Tensor, distribution: torch.Tensor) -> torch.Tensor:
    """Features (N, C, H, W) where distributions (N, K, H * W) lie: (N, K, C)."""
    return torch.bmm(distribution.to(features.dtype), features.flatten(2).transpose(1, 2))


def certainty(distribution: torch.Tensor, centres: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """(N, K, 2): logarithms of the distribution's spread about its mean and of its peak."""
    square = (expectation(distribution, (centres**2).sum(dim=1)) - (place**2).sum(dim=2)).clamp_min(1e-6)
    return torch.stack([0.5 * square.log(), distribution.amax(dim=2).clamp_min(1e-6).log()], dim=2)
