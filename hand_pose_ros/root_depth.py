"""From a normalised hand, its pixels, the camera and the hand's size to metres: where is the root?

A normalised joint n_i, scaled by the hand's size s and moved by t, must lie on the ray (u, v, 1) of its pixel:
    s n_x + t_x = u (s n_z + t_z),    s n_y + t_y = v (s n_z + t_z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, WRIST, HandScale

NOISE_OF_BOX = 0.03  # pixel deviation per axis of keypoints without one of their own, in longer sides of their box
NOISE_OF_POSE = 0.1  # deviation per axis of a network's normalised joints, in wrist-to-middle-MCP lengths
SMALLEST_DEPTH = 0.5  # hand scales from the camera to the root; nearer, the hand would surround the camera


@dataclass(frozen=True)
class Placement:
    """A hand in metres, camera optical frame."""

    joints_m: np.ndarray
    """(21, 3) metres."""
    joint_stddev_m: np.ndarray
    """(21, 2) 1-sigma deviations in metres: across the viewing ray (each of two directions), along it."""
    normalized_joints: np.ndarray
    """(21, 3) the normalised pose after refinement, middle MCP at the origin, axes of the camera optical frame."""


def root_depth_closed_form(normalized_joints: np.ndarray, rays: np.ndarray, pair=(WRIST, MIDDLE_MCP)) -> float:
    """Depth of the root (middle MCP) in hand scales, from two joints alone (Iqbal et al. 2018, section 3).

    Only relative depths are used: with depth Z of the root, joint i sits at (Z + z_i) (u_i, v_i, 1), and the length of
    the bone between the pair, known from the normalised joints, gives a quadratic in Z; its larger root counts.
    ``rays`` (21, 3) have z = 1. NaN if the quadratic has no positive solution.
    """
    first, second = pair
    length = np.linalg.norm(normalized_joints[first] - normalized_joints[second])
    slope = rays[first] - rays[second]
    start = normalized_joints[first, 2] * rays[first] - normalized_joints[second, 2] * rays[second]
    a, b, c = slope @ slope, 2.0 * slope @ start, start @ start - length**2
    discriminant = b * b - 4.0 * a * c
    if not (a > 0.0 and discriminant >= 0.0):
        return np.nan
    depth = (-b + np.sqrt(discriminant)) / (2.0 * a)
    return depth if depth > 0.0 else np.nan


def root_least_squares(
    normalized_joints: np.ndarray, rays: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Root position (3,) in hand scales by weighted linear least squares over all keypoints.

    ``weights`` (21,) are reciprocal deviations of the rays. The first solution gives each joint's depth, by which the
    equations are divided in the second: then residuals are distances in the image. NaN if fewer than two are usable.
    """
    usable = np.isfinite(rays).all(axis=1)
    weights = np.where(usable, 1.0 if weights is None else weights, 0.0)
    rays = np.where(usable[:, None], rays, 0.0)
    root = _solve_root(normalized_joints, rays, weights)
    depths = normalized_joints[:, 2] + root[2]
    if np.isnan(root).any() or depths.min() < SMALLEST_DEPTH:
        return root
    return _solve_root(normalized_joints, rays, weights / depths)


def _solve_root(joints, rays, weights) -> np.ndarray:
    """Normal equations of the module's two equations per joint, three unknowns."""
    square = weights**2
    u, v = rays[:, 0], rays[:, 1]
    right_x, right_y = u * joints[:, 2] - joints[:, 0], v * joints[:, 2] - joints[:, 1]
    total, sum_u, sum_v = square.sum(), square @ u, square @ v
    matrix = np.array([[total, 0.0, -sum_u], [0.0, total, -sum_v], [-sum_u, -sum_v, square @ (u * u + v * v)]])
    vector = np.array([square @ right_x, square @ right_y, -square @ (u * right_x + v * right_y)])
    if np.linalg.det(matrix) <= 1e-12 * total**3:
        return np.full(3, np.nan)
    return np.linalg.solve(matrix, vector)


def place(
    normalized_joints: np.ndarray,
    keypoints_px: np.ndarray,
    camera: CameraModel,
    scale: HandScale,
    keypoint_stddev_px: np.ndarray | None = None,
    keypoint_scores: np.ndarray | None = None,
) -> Placement:
    """Put a normalised hand (21, 3) on its keypoints (21, 2) in raw pixels, in metres before the camera.

    Raises ValueError when the keypoints fix no position: fewer than two usable ones, all at one pixel, or so near that
    the hand would surround the camera. Callers publish such a hand without metres.
    """
    normalized_joints = np.asarray(normalized_joints, dtype=np.float64)
    rays = camera.unproject(keypoints_px)
    if keypoint_stddev_px is None:
        extent = np.ptp(np.asarray(keypoints_px, dtype=np.float64), axis=0).max()
        keypoint_stddev_px = np.full(len(rays), NOISE_OF_BOX * extent)
    stddev = np.maximum(keypoint_stddev_px, 1e-3) / camera.pixels_per_unit(rays)
    weights = 1.0 / stddev
    root = root_least_squares(normalized_joints, rays, weights)
    if not (np.isfinite(root).all() and (normalized_joints[:, 2] + root[2]).min() > SMALLEST_DEPTH / 2):
        raise ValueError("the keypoints fix no position of the hand")
    joints = (normalized_joints + root) * scale.mean_m
    depths = joints[:, 2]
    spread = np.sqrt(np.mean((rays[:, :2] - rays[:, :2].mean(axis=0)) ** 2))
    along = np.hypot(scale.stddev_m / scale.mean_m, np.nanmean(stddev) / spread / np.sqrt(2 * len(rays))) * depths
    across = np.hypot(stddev * depths, NOISE_OF_POSE * scale.mean_m)
    return Placement(joints, np.stack([across, np.hypot(along, NOISE_OF_POSE * scale.mean_m)], -1), normalized_joints)
