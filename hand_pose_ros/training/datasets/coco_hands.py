"""Hands as COCO keypoints: OneHand10K, Panoptic and others as mmpose publishes them, and COCO-WholeBody.

A JSON file with ``images`` (id, file_name, width, height) and ``annotations`` (image_id, ``keypoints``: 21 times x,
y, v; or ``lefthand_kpts`` and ``righthand_kpts``). v = 0 says that a keypoint is not labelled. Keypoints in our
order, no depth.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import KEYPOINT_COUNT, LEFT, RIGHT
from hand_pose_ros.training.sample import HandLabel, Sample

WHOLE_BODY = {"lefthand_kpts": LEFT, "righthand_kpts": RIGHT}


def read_coco_hands(annotations: str | Path, images: str | Path | None = None, source: str = "") -> list[Sample]:
    """Samples of one annotation file; ``images`` is the folder that file names start from (default: the file's own)."""
    path = Path(annotations)
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or not {"images", "annotations"} <= set(content):
        raise ValueError(f"{path}: `images` and `annotations` are expected, as in COCO")
    hands: dict[int, list[HandLabel]] = {}
    for note in content["annotations"]:
        hands.setdefault(note["image_id"], []).extend(_labels(path, note))
    root = Path(images) if images else path.parent
    return [
        Sample(
            root / image["file_name"],
            image["width"],
            image["height"],
            tuple(hands[image["id"]]),
            None,
            source or path.stem,
        )
        for image in content["images"]
        if hands.get(image["id"])
    ]


def _labels(path: Path, note: dict) -> list[HandLabel]:
    parts = {name: side for name, side in WHOLE_BODY.items() if name in note} or {"keypoints": note.get("hand_type")}
    labels = [_label(path, note, name, side) for name, side in parts.items()]
    return [label for label in labels if label is not None]


def _label(path: Path, note: dict, name: str, side: str | None) -> HandLabel | None:
    values = np.asarray(note.get(name, []), float)
    if values.size != 3 * KEYPOINT_COUNT:
        raise ValueError(f"{path}: annotation {note.get('id')}: {name} holds {values.size} numbers, 63 are expected")
    points = values.reshape(KEYPOINT_COUNT, 3)
    labelled = points[:, 2] > 0
    if not labelled.any():
        return None
    side = side if side in (LEFT, RIGHT) else None
    return HandLabel(np.where(labelled[:, None], points[:, :2], np.nan), side)
