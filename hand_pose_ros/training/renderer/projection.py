"""Clip-space matrices of cameras and of lights."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.rotations import cross, normalized

NEAR_M, FAR_M = 0.05, 6.0


def projection_matrices(camera_matrices: np.ndarray, width: int, height: int) -> np.ndarray:
    """Clip coordinates of camera-frame points (N, 4, 4) for K (N, 3, 3); framebuffer row 0 is the image's top row.

    Pixel u (origin at the centre of the top-left pixel) maps to the framebuffer's u + 0.5.
    """
    k, size = np.asarray(camera_matrices, float), np.array([width, height])
    a = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    matrices = np.zeros((len(k), 4, 4))
    matrices[:, :2, :2] = 2 * k[:, :2, :2] / size[:, None]
    matrices[:, :2, 2] = 2 * (k[:, :2, 2] + 0.5) / size - 1
    matrices[:, 2, 2:] = a, -(a + 1) * NEAR_M
    matrices[:, 3, 2] = 1.0
    return matrices


def enlarged(camera_matrix: np.ndarray, factor: int) -> np.ndarray:
    """K (..., 3, 3) of the same picture with ``factor`` times as many pixels per side."""
    shift = 0.5 * (factor - 1)
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]]) @ camera_matrix


def light_matrices(directions: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Orthographic views (N, 4, 4) from lights in ``directions`` (N, 3) over spheres in the camera frame."""
    z = -normalized(directions)
    side = np.where(np.abs(z[:, 1:2]) < 0.9, [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    x = normalized(cross(side, z))
    rows = np.stack([x, cross(z, x), z], axis=1) / radii[:, None, None]
    matrices = np.tile(np.eye(4), (len(z), 1, 1))
    matrices[:, :3, :3], matrices[:, :3, 3] = rows, -np.einsum("nij,nj->ni", rows, centres)
    return matrices
