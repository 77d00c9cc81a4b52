"""Rotations as axis times angle (3 numbers) and as matrices, in operators that every exporter knows."""

from __future__ import annotations

import torch


def rotation_matrix(axis_angle: torch.Tensor) -> torch.Tensor:
    """Rotations (N, 3, 3) by the angle |a| in radians about the axis a / |a| of ``axis_angle`` (N, 3).

    Rodrigues' formula R = cos(t) I + sin(t) / t K + (1 - cos(t)) / t^2 a a^T with K the matrix of the product a x; the
    limits at t = 0, and their gradients, are finite.
    """
    angle = (axis_angle.square().sum(1) + 1e-12).sqrt()[:, None, None]
    half = 0.5 * angle
    x, y, z = axis_angle.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    outer = axis_angle[:, :, None] * axis_angle[:, None]
    return angle.cos() * identity + angle.sin() / angle * cross + 0.5 * (half.sin() / half).square() * outer


def product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Matrices (..., A, B) times (..., B, C), in the precision of the inputs: autocast takes matmul to half of it."""
    return (first[..., None] * second[..., None, :, :]).sum(-2)
