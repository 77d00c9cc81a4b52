"""Random rotations of many hands, as torch tensors."""

from __future__ import annotations

import torch


def random_rotations(count: int, generator: torch.Generator) -> torch.Tensor:
    """(count, 3, 3) uniform rotations, from normal quaternions (Shoemake 1992)."""
    return quaternion_matrix(torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=1))


def quaternion_matrix(q: torch.Tensor) -> torch.Tensor:
    """Rotation matrices (N, 3, 3) of unit quaternions (N, 4) w, x, y, z."""
    w, x, y, z = q.unbind(1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, dim=1).reshape(-1, 3, 3)


def small_rotations(count: int, deviation: float, generator: torch.Generator) -> torch.Tensor:
    """(count, 3, 3) rotations about random axes, ``deviation`` radians per axis."""
    half = 0.5 * deviation * torch.randn(count, 3, generator=generator)
    return quaternion_matrix(torch.nn.functional.normalize(torch.cat([torch.ones(count, 1), half], dim=1), dim=1))
