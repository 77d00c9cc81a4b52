"""Stereo Hand Pose Tracking Benchmark (Zhang et al. 2016, arXiv 1610.07214).

``labels/<sequence>_{BB,SK}.mat`` hold ``handPara`` (3, 21, 1500) in millimetres: palm centre, then little finger to
thumb, base to tip; ``images/<sequence>/{BB_left,SK_color}_<n>.png``, 640 x 480, all left hands. The palm centre is no
keypoint of ours, and the wrist is not labelled: it stays unknown. Calibrations are those of the dataset's own
description.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.datasets.metric_label import MM, placed_at, projected_label
from hand_pose_ros.training.sample import Sample

WIDTH, HEIGHT = 640, 480
SEQUENCES = {"evaluation": ("B1",), "training": ("B2", "B3", "B4", "B5", "B6")}
"""The split of Zimmermann & Brox 2017, section 6.2."""
KINDS = ("Counting", "Random")
INTRINSICS = {"BB": (822.79041, 822.79041, 318.47345, 250.31296), "SK": (607.92271, 607.88192, 314.78337, 236.42484)}
IMAGE = {"BB": "BB_left", "SK": "SK_color"}
# From the depth camera of SK, in whose frame its labels are, to its colour camera.
SK_ROTATION, SK_TRANSLATION_MM = (0.00531, -0.01196, 0.00301), (-24.0381, -0.4563, -1.2326)
KEYPOINTS = tuple(finger + joint for finger in (17, 13, 9, 5, 1) for joint in range(4))
"""Our keypoint for each of the dataset's rows behind the palm."""


def read_stb(folder: str | Path, split: str = "evaluation", camera: str = "SK") -> list[Sample]:
    """Samples of one split, seen by the stereo (``BB``, left image) or the depth sensor's colour camera (``SK``)."""
    if split not in SEQUENCES or camera not in INTRINSICS:
        raise ValueError(f"split {split!r}, camera {camera!r}: give one of {list(SEQUENCES)} and of {list(INTRINSICS)}")
    names = [f"{number}{kind}" for number in SEQUENCES[split] for kind in KINDS]
    return [sample for name in names for sample in _sequence(Path(folder), name, camera)]


def _sequence(folder: Path, name: str, kind: str) -> list[Sample]:
    from scipy.io import loadmat

    labels = loadmat(str(folder / "labels" / f"{name}_{kind}.mat"))["handPara"].astype(float)
    if labels.shape[:2] != (3, 21):
        raise ValueError(f"{name}_{kind}.mat: handPara has shape {labels.shape}, (3, 21, N) is expected")
    model = CameraModel.from_intrinsics(WIDTH, HEIGHT, INTRINSICS[kind])
    return [
        Sample(
            image_path=folder / "images" / name / f"{IMAGE[kind]}_{number}.png",
            width=WIDTH,
            height=HEIGHT,
            hands=(projected_label(_joints(labels[:, 1:, number].T, kind), model, LEFT),),
            camera=model,
            source=f"stb_{kind.lower()}",
        )
        for number in range(labels.shape[2])
    ]


def _joints(joints_mm: np.ndarray, kind: str) -> np.ndarray:
    if kind == "SK":
        joints_mm = (joints_mm - SK_TRANSLATION_MM) @ cv2.Rodrigues(np.array(SK_ROTATION))[0]
    return placed_at(KEYPOINTS, MM * joints_mm)
