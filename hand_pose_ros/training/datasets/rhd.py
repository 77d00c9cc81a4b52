"""Rendered Hand Pose Dataset (Zimmermann & Brox 2017), RHD_published_v2.

``<split>/anno_<split>.pickle``: image number -> ``uv_vis`` (42, 3) pixels and visibility, ``xyz`` (42, 3) metres,
``K``. Left hand first; wrist, then each finger from tip to base. ``color/%05d.png`` and ``mask/%05d.png``, 320 x 320.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.datasets.array_pickle import read_pickle
from hand_pose_ros.training.sample import HandLabel, Sample

SPLITS = ("training", "evaluation")
SIZE = 320
ORDER = (0, *(finger + joint for finger in range(1, 21, 4) for joint in (3, 2, 1, 0)))
"""Row of the dataset's hand for each of our keypoints."""


def read_rhd(folder: str | Path, split: str = "evaluation") -> list[Sample]:
    """Samples of one split. Hands of which nothing is visible are left out."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: RHD has {', '.join(SPLITS)}")
    root = Path(folder) / split
    annotations = read_pickle(root / f"anno_{split}.pickle")
    return [_sample(root, number, annotations[number]) for number in sorted(annotations)]


def _sample(root: Path, number: int, annotation: dict) -> Sample:
    hands = [_label(annotation, side, start) for start, side in ((0, LEFT), (21, RIGHT))]
    return Sample(
        image_path=root / "color" / f"{number:05d}.png",
        width=SIZE,
        height=SIZE,
        hands=tuple(hand for hand in hands if hand.visible.any()),
        camera=CameraModel(SIZE, SIZE, np.asarray(annotation["K"], float)),
        source="rhd",
        exhaustive=True,
        metadata={"mask": root / "mask" / f"{number:05d}.png"},
    )


def _label(annotation: dict, side: str, start: int) -> HandLabel:
    rows = [start + row for row in ORDER]
    pixels = np.asarray(annotation["uv_vis"], float)[rows]
    return HandLabel(pixels[:, :2], side, np.asarray(annotation["xyz"], float)[rows], pixels[:, 2] > 0.5)
