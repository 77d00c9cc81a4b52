"""SynthHands (Mueller et al. 2017): left hands, ``<sex>_<object>/seq*/cam*/<part>/<n>_*``.

``joint_pos.txt``: 63 numbers, millimetres in the frame of the depth camera, keypoints in our order. Read is the colour
picture as the depth camera sees it (``color_on_depth``, 640 x 480), so that no calibration between the two is needed.
"""

from __future__ import annotations

from pathlib import Path

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.datasets.metric_label import MM, numbers_of, projected_label
from hand_pose_ros.training.sample import Sample

WIDTH, HEIGHT = 640, 480
DEPTH_INTRINSICS = (475.62, 475.62, 311.125, 245.965)
GROUPS = ("female_noobject", "female_object", "male_noobject", "male_object")


def read_synthhands(folder: str | Path, split: str = "all") -> list[Sample]:
    """Samples of one of the four groups, or of ``all``. The dataset has no test part; hold back whole sequences."""
    if split not in (*GROUPS, "all"):
        raise ValueError(f"split is {split!r}: SynthHands has {', '.join(GROUPS)}, all")
    groups = GROUPS if split == "all" else (split,)
    paths = [path for group in groups for path in sorted((Path(folder) / group).glob("seq*/cam*/*/*_joint_pos.txt"))]
    if not paths:
        raise ValueError(f"{folder}: no <group>/seq*/cam*/<part>/<n>_joint_pos.txt: give the folder SynthHands_Release")
    camera = CameraModel.from_intrinsics(WIDTH, HEIGHT, DEPTH_INTRINSICS)
    return [_sample(path, camera) for path in paths]


def _sample(path: Path, camera: CameraModel) -> Sample:
    hand = projected_label(MM * numbers_of(path, 63).reshape(21, 3), camera, LEFT)
    image = path.with_name(path.name.replace("_joint_pos.txt", "_color_on_depth.png"))
    return Sample(image, WIDTH, HEIGHT, (hand,), camera, "synthhands", metadata={"sequence": path.parts[-4]})
