"""One crop-aligned 3D pose from what a network says twice: joints of their own, and keypoints with relative depth.

The two err in different ways: MediaPipe's world landmarks have the better shape, its keypoints with depth the better
orientation, and their mean is better than either (docs/geometry.md).
"""

from __future__ import annotations

import numpy as np


def fused_pose(
    joints: np.ndarray | None, keypoints: np.ndarray, depth: np.ndarray | None, depth_gain: float = 1.0
) -> np.ndarray:
    """Crop-aligned joints (21, 3) of any scale from ``joints`` (21, 3), ``keypoints`` (21, 2) and ``depth`` (21,).

    ``depth`` has the unit of ``keypoints``; ``depth_gain`` undoes a network's flattening of it. Joints are laid onto
    the keypoints with depth by a similarity, and the mean is taken; what is missing is left out.
    """
    if depth is None and joints is not None:
        return joints
    relief = np.column_stack([keypoints, depth_gain * (np.zeros(len(keypoints)) if depth is None else depth)])
    return relief if joints is None else 0.5 * (similar(joints, relief) + relief)


def similar(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """``points`` (N, 3) moved, turned and resized to lie as near as possible to ``target`` (N, 3) (Umeyama 1991).

    Raises ValueError for points that are all at one place.
    """
    centred, aim = points - points.mean(axis=0), target - target.mean(axis=0)
    spread = np.sum(centred**2)
    if not spread > 0.0:
        raise ValueError("all joints lie at one place: a hand has some size")
    left, strength, right = np.linalg.svd(centred.T @ aim)
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return centred @ (left * proper) @ right * (strength @ proper / spread) + target.mean(axis=0)
