"""From the axes of a crop to those of the camera: which way a hand points that a network saw upright."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.crop import rotation
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.kinematics import normalize


def camera_axes(joints: np.ndarray, box: OrientedBox, mirrored: bool, camera: CameraModel | None) -> np.ndarray:
    """Normalised joints (21, 3) in the axes of the camera optical frame from crop-aligned ones (21, 3).

    The crop is turned back about the viewing axis; with a camera, the viewing axis is turned onto the ray through the
    crop's centre, because a network sees every crop as if it lay in the middle of the image.
    """
    turned = joints * (-1.0, 1.0, 1.0) if mirrored else joints
    turned = np.column_stack([turned[:, :2] @ rotation(box.angle_rad).T, turned[:, 2]])
    ray = None if camera is None else camera.unproject(np.asarray(box.centre_px))
    if ray is not None and np.isfinite(ray).all():  # a wide lens has no ray for pixels far outside its image
        turned = turned @ rotation_onto(ray).T
    return normalize(turned)[0]


def rotation_onto(ray: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that carries the z axis onto ``ray`` (3,), z > 0 (Rodrigues' formula)."""
    x, y, z = np.asarray(ray, dtype=np.float64) / np.linalg.norm(ray)
    k = 1.0 / (1.0 + z)
    return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]])
