"""Meshes of held and occluding objects: cylinder, sphere, box, of half-size 1, with outward normals."""

from __future__ import annotations

import numpy as np

CYLINDER, SPHERE, BOX = "cylinder", "sphere", "box"
KINDS = (CYLINDER, SPHERE, BOX)


def primitive(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Corners (C, 6) float32 position and normal, and triangles (M, 3) int32. The cylinder's axis is y."""
    patches = {CYLINDER: _cylinder, SPHERE: _sphere, BOX: _box}[kind]()
    corners, triangles, count = [], [], 0
    for points, normals in patches:
        rows, columns = points.shape[:2]
        corners.append(np.concatenate([points, normals], axis=-1).reshape(-1, 6))
        a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel() + count
        triangles += [np.stack([a, a + 1, a + columns], 1), np.stack([a + 1, a + columns + 1, a + columns], 1)]
        count += rows * columns
    return np.concatenate(corners).astype("f4"), np.concatenate(triangles).astype("i4")


def _circle(count: int = 25) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count)
    return np.stack([np.cos(angle), np.zeros(count), np.sin(angle)], axis=-1)


def _cylinder():
    ring = _circle()
    up = np.array([0, 1.0, 0])
    yield np.stack([ring - up, ring + up]), np.stack([ring, ring])
    for end in (-up, up):
        yield np.stack([ring + end, 0 * ring + end]), np.broadcast_to(end, (2, *ring.shape))


def _sphere():
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 13)[:, None, None]
    points = np.cos(latitude) * _circle()[None] + np.sin(latitude) * np.array([0, 1.0, 0])
    yield points, points


def _box():
    square = np.array([[[-1.0, -1], [1, -1]], [[-1, 1], [1, 1]]])
    for axis in range(3):
        for sign in (-1.0, 1.0):
            points = np.insert(square, axis, sign, axis=-1)
            normal = np.zeros(3)
            normal[axis] = sign
            yield points, np.broadcast_to(normal, points.shape)
