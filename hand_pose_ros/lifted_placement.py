"""A hand in metres: as a lifter places it where there is one, else from its pose, its pixels and its bones.

A lifter says in which direction each joint's centre is seen, how far away the middle MCP is, in hand scales, and by how
much the other joints are nearer or farther (``by_distance``). ``root_depth.place`` concludes the same from the lifter's
pose, its centres and how long bones are. The first has seen more hands, the second knows this one's pixels; their
errors differ, and the mean of both is better than either (docs/geometry.md).
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, HandScale, Lift
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.root_depth import SMALLEST_DEPTH, Placement, check_depth, place

# Lifters learn their deviations on skeletons; of rendered hands' distances they cover too little. With this factor one
# deviation along the ray covers .60 of all held-back renders, children's among them (docs/geometry.md).
DISTANCE_WIDENING = 1.3


def placement(
    normalized_joints: np.ndarray,
    pixels: np.ndarray,
    camera: CameraModel,
    scale: HandScale,
    lift: Lift | None = None,
    keypoint_stddev_px: np.ndarray | None = None,
    keypoint_scores: np.ndarray | None = None,
) -> Placement:
    """Joints in metres from a normalised pose (21, 3), camera axes, and its pixels (21, 2) in the raw image.

    With a ``lift`` the pixels are those of joints' centres. Deviations are then the bones' across the rays and the
    lifter's along them. ValueError where the pixels fix no position, as in ``root_depth.place``.
    """
    by_bones = place(normalized_joints, pixels, camera, scale, keypoint_stddev_px, keypoint_scores)
    if lift is None:
        return by_bones
    first = by_distance(normalized_joints, pixels, lift, camera, scale)
    joints_m = 0.5 * (first.joints_m + by_bones.joints_m)
    deviations = np.stack([by_bones.joint_stddev_m[:, 0], first.joint_stddev_m[:, 1]], axis=1)
    return Placement(joints_m, deviations, normalize(joints_m)[0])


def by_distance(
    normalized_joints: np.ndarray, centres_px: np.ndarray, lift: Lift, camera: CameraModel, scale: HandScale
) -> Placement:
    """Each joint on the ray of its centre, at the lifter's distance plus its own relative depth.

    ValueError where a centre has no ray, and for a hand that would surround the camera or is not believed so far away.
    """
    rays = camera.unproject(np.asarray(centres_px, dtype=np.float64))
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    if not (np.isfinite(rays).all() and np.isfinite(lift.distance)):
        raise ValueError("a joint's centre lies outside of what the lens can see: no ray leads there")
    forward = rays.mean(axis=0) / np.linalg.norm(rays.mean(axis=0))
    depths = lift.distance * (rays[MIDDLE_MCP] @ forward) + normalized_joints @ forward
    joints = rays * (depths / (rays @ forward))[:, None]
    if joints[:, 2].min() < SMALLEST_DEPTH:
        raise ValueError(f"a hand {lift.distance:.2f} hand scales away would surround the camera")
    check_depth(float(joints[MIDDLE_MCP, 2]))
    joints_m = joints * scale.mean_m
    return Placement(joints_m, _deviations(joints, lift, scale), normalize(joints_m)[0])


def _deviations(joints: np.ndarray, lift: Lift, scale: HandScale) -> np.ndarray:
    """(21, 2) metres across and along the rays. The hand's size moves every joint along its ray, in proportion."""
    distances = np.linalg.norm(joints, axis=1)
    relative = np.hypot(scale.stddev_m / scale.mean_m, DISTANCE_WIDENING * lift.distance_stddev)
    along = np.hypot(relative * distances, lift.joint_stddev[:, 1])
    return np.stack([lift.centre_stddev * distances, along], axis=1) * scale.mean_m
