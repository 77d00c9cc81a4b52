"""InterHand2.6M (Moon et al. 2020): one or both hands in a studio, joints in world millimetres and calibrated cameras.

``annotations/<split>/InterHand2.6M_<split>_{data,camera,joint_3d}.json``, ``images/<split>/<file_name>``. Right hand
first; each finger from tip to base, thumb first, then the wrist. Camera coordinates are R (X - t).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.datasets.metric_label import MM, projected_label
from hand_pose_ros.training.sample import HandLabel, Sample

SPLITS = ("train", "val", "test")
ORDER = (20, *(finger + joint for finger in range(0, 20, 4) for joint in (3, 2, 1, 0)))
"""Row of the dataset's hand for each of our keypoints."""


def read_interhand(folder: str | Path, split: str = "val") -> list[Sample]:
    """Samples of one split; joints that the annotation calls invalid stay unlabelled."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: InterHand2.6M has {', '.join(SPLITS)}")
    notes = Path(folder) / "annotations" / split
    data, cameras, joints = (
        json.loads((notes / f"InterHand2.6M_{split}_{name}.json").read_text())
        for name in ("data", "camera", "joint_3d")
    )
    images = {image["id"]: image for image in data["images"]}
    root = Path(folder) / "images" / split
    return [_sample(root, images[note["image_id"]], note, cameras, joints) for note in data["annotations"]]


def _sample(root: Path, image: dict, note: dict, cameras: dict, joints: dict) -> Sample:
    capture, name = str(image["capture"]), str(image["camera"])
    calibration, width, height = cameras[capture], image["width"], image["height"]
    intrinsics = (*calibration["focal"][name], *calibration["princpt"][name])
    camera = CameraModel.from_intrinsics(width, height, intrinsics)
    world = np.asarray(joints[capture][str(image["frame_idx"])]["world_coord"], float)
    placed = (world - calibration["campos"][name]) @ np.asarray(calibration["camrot"][name], float).T
    valid = np.asarray(note["joint_valid"], float).ravel() > 0.5
    hands = [_label(placed, valid, start, side, camera) for start, side in ((0, RIGHT), (21, LEFT))]
    present = tuple(hand for hand in hands if hand is not None)
    return Sample(root / image["file_name"], width, height, present, camera, "interhand", exhaustive=True)


def _label(joints_mm: np.ndarray, valid: np.ndarray, start: int, side: str, camera: CameraModel) -> HandLabel | None:
    rows = [start + row for row in ORDER]
    if not valid[rows].any():
        return None
    joints = np.where(valid[rows, None], MM * joints_mm[rows], np.nan)
    return projected_label(joints, camera, side)
