"""``index.json``: this project's own list of labelled images.

A JSON list; one entry per hand: ``image`` (path beside the file), ``width``, ``height``, ``source``, ``hand`` (left,
right or null), ``K`` [fx, fy, cx, cy] or null, ``kp2d`` 21 x [x, y] or null, ``xyz_m`` 21 x [x, y, z] or null, ``vis``
21 flags or null. A keypoint at (0, 0) with flag 0 is unlabelled, as in COCO. An entry with ``kp2d`` null says: no hand
in this image. ``exhaustive``: every hand is labelled.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import KEYPOINT_COUNT
from hand_pose_ros.training.sample import HandLabel, Sample


def read_index(path: str | Path) -> list[Sample]:
    """Read ``index.json`` (or the folder that holds it). Raises ValueError naming the entry that is wrong."""
    path = Path(path)
    path = path / "index.json" if path.is_dir() else path
    entries = json.loads(path.read_text())
    if not isinstance(entries, list):
        raise ValueError(f"{path}: a list of entries is expected, found {type(entries).__name__}")
    by_image: dict[str, list[dict]] = {}
    for number, entry in enumerate(entries):
        _check(path, number, entry)
        by_image.setdefault(entry["image"], []).append(entry)
    return [_sample(path.parent, group) for group in by_image.values()]


def _check(path: Path, number: int, entry: dict):
    missing = {"image", "width", "height", "kp2d"} - set(entry)
    if missing:
        raise ValueError(f"{path}: entry {number} lacks {', '.join(sorted(missing))}")
    for name, columns in (("kp2d", 2), ("xyz_m", 3)):
        value = entry.get(name)
        if value is not None and np.shape(value) != (KEYPOINT_COUNT, columns):
            raise ValueError(f"{path}: entry {number}: {name} has shape {np.shape(value)}, not (21, {columns})")


def _sample(folder: Path, entries: list[dict]) -> Sample:
    first = entries[0]
    width, height, matrix = first["width"], first["height"], first.get("K")
    return Sample(
        image_path=folder / first["image"],
        width=width,
        height=height,
        hands=tuple(_label(entry) for entry in entries if entry["kp2d"] is not None),
        camera=CameraModel.from_intrinsics(width, height, tuple(matrix)) if matrix else None,
        source=first.get("source", ""),
        exhaustive=first.get("exhaustive", first["kp2d"] is None),
    )


def _label(entry: dict) -> HandLabel:
    joints, visible = entry.get("xyz_m"), entry.get("vis")
    visible = None if visible is None else np.asarray(visible, dtype=bool)
    keypoints = np.asarray(entry["kp2d"], dtype=np.float64)
    if visible is not None:
        keypoints[~visible & (keypoints == 0.0).all(axis=1)] = np.nan
    return HandLabel(
        keypoints_px=keypoints,
        handedness=entry.get("hand"),
        joints_m=None if joints is None else np.asarray(joints, dtype=np.float64),
        visible=visible,
    )
