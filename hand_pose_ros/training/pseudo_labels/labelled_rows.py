"""The rows of a photograph in a store: its hands, and a crop without one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.training.pseudo_labels.cut_out import cut_out, unknown
from hand_pose_ros.training.pseudo_labels.hand_crop import hand_crop
from hand_pose_ros.training.pseudo_labels.negatives import negative_crop
from hand_pose_ros.training.pseudo_labels.teacher import LabelledHand, Teacher


@dataclass(frozen=True)
class Labelled:
    """Rows of one photograph and what was counted on the way."""

    rows: list[dict]
    counts: Counter


def labelled_rows(image: np.ndarray, teacher: Teacher, size: int, generator: np.random.Generator) -> Labelled:
    """Rows of a photograph (H, W, 3) uint8 RGB: crops of ``size`` px with labels."""
    finding = teacher(image)
    rows = [hand_row(finding.image, hand, size, generator) for hand in finding.hands]
    counts = Counter({f"rejected: {reason}": count for reason, count in finding.rejected.items()})
    counts.update(photographs=1, hands=len(rows), cut_out=sum(bool(row["segments"].max() < 255) for row in rows))
    counts["no place"] += not finding.places
    empty = negative_crop(finding, teacher, size, generator)
    if empty is not None:
        rows.append(negative_row(empty))
        counts["negatives"] += 1
    return Labelled(rows, counts)


def hand_row(image: np.ndarray, hand: LabelledHand, size: int, generator: np.random.Generator) -> dict:
    """The arrays of one hand, named as in the store."""
    crop = hand_crop(image, hand, size, generator)
    segments = cut_out(crop.image, crop.keypoints * size - 0.5)
    return {
        "images": crop.image,
        "segments": unknown(size) if segments is None else segments,
        "keypoints": crop.keypoints.astype(np.float32),
        "confidence": hand.seen.confidence.astype(np.float32),
        "centres": crop.centres.astype(np.float32),
        "joints": crop.joints.astype(np.float32),
        "right": np.bool_(hand.seen.right),
        "present": np.True_,
        "box": _numbers(crop.box),
    }


def negative_row(image: np.ndarray) -> dict:
    """The arrays of a crop (S, S, 3) without a hand."""
    zeros = {"keypoints": (21, 2), "confidence": 21, "centres": (21, 2), "joints": (21, 3), "box": 4}
    row = {name: np.zeros(shape, np.float32) for name, shape in zeros.items()}
    segments = np.zeros(image.shape[:2], np.uint8)
    return {**row, "images": image, "segments": segments, "right": np.False_, "present": np.False_}


def _numbers(box: OrientedBox) -> np.ndarray:
    return np.float32([*box.centre_px, box.size_px[0], box.angle_rad])
