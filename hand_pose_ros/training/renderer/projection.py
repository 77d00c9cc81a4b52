"""Clip-space matrices of the camera and of a light."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.rotations import cross

NEAR_M, FAR_M = 0.05, 6.0


def projection_matrix(camera_matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Clip coordinates of camera-frame points; framebuffer row 0 is the image's top row.

    Pixel u (origin at the centre of the top-left pixel) maps to the framebuffer's u + 0.5.
    """
    (fx, skew, cx), (_, fy, cy) = camera_matrix[0], camera_matrix[1]
    a = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    return np.array(
        [
            [2 * fx / width, 2 * skew / width, 2 * (cx + 0.5) / width - 1, 0],
            [0, 2 * fy / height, 2 * (cy + 0.5) / height - 1, 0],
            [0, 0, a, -(a + 1) * NEAR_M],
            [0, 0, 1, 0],
        ]
    )


def enlarged(camera_matrix: np.ndarray, factor: int) -> np.ndarray:
    """K (3, 3) of the same picture with ``factor`` times as many pixels per side."""
    shift = 0.5 * (factor - 1)
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]]) @ camera_matrix


def light_matrix(direction: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Orthographic view (4, 4) from the light over a sphere in the camera frame."""
    z = -direction / np.linalg.norm(direction)
    x = cross(np.array([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0]), z)
    x /= np.linalg.norm(x)
    rows = np.stack([x, cross(z, x), z]) / radius
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rows, -rows @ centre
    return matrix
