"""Batched rotation matrices for column vectors."""

from __future__ import annotations

import numpy as np


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross product of vectors (..., 3); three times as fast as numpy's for small batches."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def about(axis: str, angles: np.ndarray) -> np.ndarray:
    """Right-handed rotations (..., 3, 3) by ``angles`` (...) radians about a coordinate axis, ``x``, ``y`` or ``z``."""
    angles = np.asarray(angles, float)
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    matrix = np.zeros((*angles.shape, 3, 3))
    matrix[..., i, i] = 1.0
    matrix[..., j, j] = matrix[..., k, k] = np.cos(angles)
    matrix[..., k, j] = np.sin(angles)
    matrix[..., j, k] = -np.sin(angles)
    return matrix


def about_vector(axes: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) about unit vectors (..., 3) by ``angles`` (...) radians (Rodrigues' formula)."""
    angles = np.asarray(angles)
    axes = np.broadcast_to(axes, (*angles.shape, 3))
    zero = np.zeros(axes.shape[:-1])
    x, y, z = np.moveaxis(axes, -1, 0)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*axes.shape[:-1], 3, 3)
    angles = angles[..., None, None]
    return np.eye(3) + np.sin(angles) * cross + (1 - np.cos(angles)) * (cross @ cross)


def random_rotations(generator: np.random.Generator, count: int) -> np.ndarray:
    """Uniformly distributed rotations (count, 3, 3) from random unit quaternions."""
    w, x, y, z = normalized_quaternions(generator.normal(size=(count, 4))).T
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return np.stack(rows, axis=-1).reshape(-1, 3, 3)


def normalized_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4) of length 1."""
    return quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
