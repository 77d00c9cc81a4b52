"""Fewer triangles: the surface stays, borders and groups stay."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.renderer.simplification import simplified


def grid(size: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A flat square of size x size vertices, z = 0, triangles facing +z."""
    x, y = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size))
    a = (np.arange(size - 1)[:, None] * size + np.arange(size - 1)).ravel()
    triangles = np.concatenate([np.stack([a, a + 1, a + size], 1), np.stack([a + 1, a + size + 1, a + size], 1)])
    return np.stack([x.ravel(), y.ravel(), np.zeros(size * size)], axis=1), triangles.astype(np.int32)


def areas(points, triangles) -> np.ndarray:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)[:, 2] / 2


def test_a_flat_square_keeps_its_area_with_fewer_triangles():
    points, triangles = grid()
    few = simplified(points[None], triangles, np.zeros(len(points)), 80)
    assert len(few) < 100 < len(triangles)
    assert few.dtype == np.int32  # index buffers are read as 32 bits
    assert (areas(points, few) > 0).all()
    assert np.isclose(areas(points, few).sum(), 1.0)


def test_a_ridge_of_one_pose_is_kept():
    points, triangles = grid()
    bent = points.copy()
    ridge = np.isclose(points[:, 0], points[5, 0])
    bent[:, 2] = -np.abs(points[:, 0] - points[5, 0])
    few = simplified(np.stack([points, bent]), triangles, np.zeros(len(points)), 90)
    kept = np.unique(few)
    a, b, c = (bent[few[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert (np.abs(normals[:, 2] - np.sqrt(0.5)) < 1e-6).all()  # no triangle cuts across
    assert len(np.intersect1d(kept, np.flatnonzero(ridge))) >= 2


def test_vertices_stay_in_their_group():
    points, triangles = grid()
    groups = (points[:, 1] > 0.5).astype(int)
    few = simplified(points[None], triangles, groups, 60)
    share = [areas(points, few[(groups[few] == group).all(axis=1)]).sum() for group in (0, 1)]
    whole = [areas(points, triangles[(groups[triangles] == group).all(axis=1)]).sum() for group in (0, 1)]
    assert np.allclose(share, whole)
