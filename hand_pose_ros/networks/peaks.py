"""Where a score map is highest, finer than its cells."""

from __future__ import annotations

import torch


def peaks(maps: torch.Tensor, radius: float = 2.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Places (N, K, 2) of the highest scores of ``maps`` (N, K, M, M) in fractions of the map, and these scores (N, K).

    The cell with the highest score, then the centre of gravity of the positive scores at most ``radius`` cells from it:
    papers take the cell itself, after enlarging the map, which moves no bilinear peak off its cell. Differentiable but
    for the choice of the cell. Maps that are nowhere positive give the cell's centre.
    """
    count, kinds, size, _ = maps.shape
    scores = maps.float().flatten(2)
    highest, index = scores.max(2)
    row = torch.div(index, size, rounding_mode="floor")
    x, y = (index - row * size).to(scores.dtype)[..., None], row.to(scores.dtype)[..., None]
    axis = torch.arange(size, dtype=scores.dtype, device=maps.device)
    near_x, near_y = (axis - x).abs() <= radius, (axis - y).abs() <= radius
    near = near_y[..., :, None].to(scores.dtype) * near_x[..., None, :].to(scores.dtype)
    weight = scores.reshape(count, kinds, size, size).clamp_min(0.0) * near
    total = weight.sum((2, 3)) + 1e-6
    moved = [(weight.sum(2) * (axis - x)).sum(2) / total, (weight.sum(3) * (axis - y)).sum(2) / total]
    places = torch.stack([x[..., 0] + moved[0], y[..., 0] + moved[1]], 2)
    return (places + 0.5) / size, highest
