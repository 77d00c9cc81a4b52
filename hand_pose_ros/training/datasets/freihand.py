"""FreiHAND (Zimmermann et al. 2019): ``<split>_{K,xyz}.json`` and ``<split>/rgb/%08d.jpg``, 224 x 224, right hands.

``xyz`` is in metres in the camera frame, keypoints in our order. Training images come in four versions with other
backgrounds, numbered one after the other; labels repeat.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import RIGHT
from hand_pose_ros.training.datasets.metric_label import projected_label
from hand_pose_ros.training.sample import Sample

SIZE, VERSIONS = 224, 4


def read_freihand(folder: str | Path, split: str = "evaluation") -> list[Sample]:
    """Samples of ``training`` (those versions whose images are there) or ``evaluation``."""
    root = Path(folder)
    if split not in ("training", "evaluation"):
        raise ValueError(f"split is {split!r}: FreiHAND has training, evaluation")
    matrices, joints = (json.loads((root / f"{split}_{name}.json").read_text()) for name in ("K", "xyz"))
    if len(matrices) != len(joints):
        raise ValueError(f"{root}: {len(matrices)} cameras and {len(joints)} hands in the {split} files")
    numbers = range(len(joints) * (VERSIONS if split == "training" else 1))
    images = [(number, root / split / "rgb" / f"{number:08d}.jpg") for number in numbers]
    return [
        _sample(path, matrices[number % len(joints)], joints[number % len(joints)])
        for number, path in images
        if number < len(joints) or path.exists()
    ]


def _sample(path: Path, matrix: list, joints: list) -> Sample:
    camera = CameraModel(SIZE, SIZE, np.asarray(matrix, float))
    hand = projected_label(np.asarray(joints, float), camera, RIGHT)
    return Sample(path, SIZE, SIZE, (hand,), camera, "freihand")
