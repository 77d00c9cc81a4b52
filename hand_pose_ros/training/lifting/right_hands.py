"""Teacher pairs as right hands: to fit a distribution of the teacher's errors, and to train on."""

from __future__ import annotations

import numpy as np
import torch

from hand_pose_ros.lifting import confidence
from hand_pose_ros.training.lifting.joint_definition import rig_joints
from hand_pose_ros.training.lifting.teacher_pairs import TeacherPairs


def as_right_hands(pairs: TeacherPairs) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """True joints (N, 21, 3) in metres, said keypoints (N, 21, 2) on z = 1, guess (N, 21, 3), confidence (N,).

    Camera axes, left hands mirrored, true joints as lifters define them. Hands given the wrong side are left out.
    """
    good = pairs.left == pairs.said_left
    mirror = np.where(pairs.left, -1.0, 1.0)[good]
    fx, fy, cx, cy = pairs.intrinsics[good].T[:, :, None]
    pixels = pairs.keypoints_px[good]
    said = np.stack([(pixels[..., 0] - cx) / fx * mirror[:, None], (pixels[..., 1] - cy) / fy], axis=-1)
    joints, guess = _mirrored(rig_joints(pairs.joints_m[good]), mirror), _mirrored(pairs.guess[good], mirror)
    arrays = (joints, said, guess, confidence(pairs.score[good]))
    return tuple(torch.from_numpy(array).float() for array in arrays)


def _mirrored(points: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    return points * np.stack([mirror, np.ones_like(mirror), np.ones_like(mirror)], axis=1)[:, None]
