"""Labels of datasets that give joints in the camera frame and leave the pixels to be projected."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import KEYPOINT_COUNT
from hand_pose_ros.training.sample import HandLabel

MM = 1e-3


def projected_label(joints_m: np.ndarray, camera: CameraModel, handedness: str | None, **changes) -> HandLabel:
    """Label of joints (21, 3) in metres in the camera frame; NaN rows stay unlabelled."""
    return HandLabel(
        **{"keypoints_px": camera.project(joints_m), "handedness": handedness, "joints_m": joints_m} | changes
    )


def placed_at(indices, values: np.ndarray) -> np.ndarray:
    """(21, D) array with ``values`` (N, D) at ``indices`` and NaN, unlabelled, elsewhere."""
    result = np.full((KEYPOINT_COUNT, values.shape[1]), np.nan)
    result[list(indices)] = values
    return result


def numbers_of(path, count: int) -> np.ndarray:
    """``count`` comma-separated numbers in a text file. ValueError if there are more or fewer."""
    text = path.read_text().replace("\n", ",")
    values = np.array([float(part) for part in text.split(",") if part.strip()])
    if len(values) != count:
        raise ValueError(f"{path}: holds {len(values)} numbers, {count} are expected")
    return values
