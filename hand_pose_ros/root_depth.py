"""From a normalised hand, its pixels, the camera and the hand's size to metres: where is the root?

A normalised joint n_i, scaled by the hand's size s and moved by t, must lie on the ray (u, v, 1) of its pixel:
    s n_x + t_x = u (s n_z + t_z),    s n_y + t_y = v (s n_z + t_z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, WRIST, HandScale
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.skeleton_fit import fit_skeleton, proportioned

NOISE_OF_BOX = 0.03  # pixel deviation per axis of keypoints without one of their own, in longer sides of their box
SMALLEST_NOISE_PX = 0.05
SMALLEST_DEPTH = 0.5  # hand scales from the camera to any joint; nearer, the hand would surround the camera
FARTHEST_DEPTH = 100.0  # about ten metres: keypoints that say more lie in a heap and are no hand's
WIDEST_RAY = 10.0  # length of a ray with z = 1: 84 degrees off the axis
FEWEST_KEYPOINTS = 6
MODEL_STDDEV = 0.07  # relative, along the ray: how far the most probable depth lies from the mean one in simulation


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

    Least squares give the first root, ``skeleton_fit`` the joints. ``keypoint_stddev_px`` (21,) are deviations per
    image axis; of ``keypoint_scores`` (21,) only the ratios to the best count. Keypoints for which the lens has no ray
    are ignored. Raises ValueError when the rest fix no position: fewer than six, all at one pixel, joints that are no
    hand, or a hand that would surround the camera or be farther than ``FARTHEST_DEPTH``. Callers publish such a hand
    without metres.
    """
    pose = proportioned(np.asarray(normalized_joints, dtype=np.float64))
    pixels = np.asarray(keypoints_px, dtype=np.float64)
    rays, stddev = _observed(pixels, camera, keypoint_stddev_px, keypoint_scores)
    usable = np.isfinite(stddev)
    if usable.sum() < FEWEST_KEYPOINTS or not np.isfinite(pose).all():
        raise ValueError(f"{usable.sum()} usable keypoints: {FEWEST_KEYPOINTS} and finite joints are needed")
    turn = _look_at(rays[usable].mean(axis=0))
    seen = rays @ turn
    points, stddev = seen[:, :2] / seen[:, 2:], stddev * seen[:, 2] ** -1.5
    root = root_least_squares(pose @ turn, np.column_stack([points, np.ones(len(points))]), 1.0 / stddev)
    if not (np.isfinite(root).all() and (pose @ turn + root)[:, 2].min() > SMALLEST_DEPTH):
        raise ValueError("the keypoints fix no position of the hand: too few, at one place, or too near the camera")
    joints, covariance = fit_skeleton(pose @ turn, root, points, stddev)
    check_depth(float(joints[MIDDLE_MCP, 2]))
    joints_m = joints @ turn.T * scale.mean_m
    deviations = _deviations(joints, covariance.reshape(21, 3, 21, 3), scale)
    return Placement(joints_m, deviations, normalize(joints_m)[0])


def check_depth(depth: float) -> None:
    """ValueError for a hand (depth in hand scales) that is farther away than any camera here sees one."""
    if not depth <= FARTHEST_DEPTH:
        raise ValueError(f"a hand {depth:.0f} hand scales away: farther than {FARTHEST_DEPTH:.0f} is not believed")


def _observed(pixels, camera, stddev_px, scores):
    """Unit rays (21, 3) and the angular deviations (21,) of the keypoints, infinite where there is no ray."""
    if stddev_px is None:
        finite = pixels[np.isfinite(pixels).all(axis=1)]
        extent = np.ptp(finite, axis=0).max() if len(finite) else 0.0
        stddev_px = np.full(len(pixels), NOISE_OF_BOX * extent)
    stddev = np.maximum(np.asarray(stddev_px, dtype=np.float64), SMALLEST_NOISE_PX)
    if scores is not None:
        best = np.max(scores, initial=1e-6)
        stddev = stddev / np.clip(np.asarray(scores) / best, 0.05, 1.0)
    rays = camera.unproject(pixels)
    lengths = np.linalg.norm(rays, axis=1)
    # A small circle at the ray (u, v, 1) has |ray|^-3 of its area on the plane z = 1 as solid angle.
    stddev = stddev / (camera.pixels_per_unit(rays) * lengths**1.5)
    usable = np.isfinite(stddev) & (lengths < WIDEST_RAY)
    rays = np.where(usable[:, None], rays / lengths[:, None], (0.0, 0.0, 1.0))
    return rays, np.where(usable, stddev, np.inf)


def _look_at(ray) -> np.ndarray:
    """Columns x, y, z of a frame whose z axis is along ``ray`` (3,), by the smallest rotation from the camera's."""
    x, y, z = ray / np.linalg.norm(ray)
    k = 1.0 / (1.0 + z)
    return np.array([[1.0 - k * x * x, -k * x * y, x], [-k * x * y, 1.0 - k * y * y, y], [-x, -y, z]])


def _deviations(joints, covariance, scale: HandScale) -> np.ndarray:
    """(21, 2) metres across and along the rays. The hand's size moves every joint along its ray, in proportion."""
    blocks = covariance[range(21), :, range(21)]
    distances = np.linalg.norm(joints, axis=1)
    rays = joints / distances[:, None]
    along = np.einsum("ni,nij,nj->n", rays, blocks, rays)
    across = np.maximum(np.trace(blocks, axis1=1, axis2=2) - along, 0.0) / 2.0
    size = np.hypot(scale.stddev_m / scale.mean_m, MODEL_STDDEV) * distances
    return np.sqrt(np.stack([across, along + size**2], axis=-1)) * scale.mean_m
