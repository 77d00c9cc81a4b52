"""Predictions as JSON lines: the schema of ``hand_pose_ros predict``, so that any system can be evaluated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import HandPose
from hand_pose_ros.training.sample import Sample


@dataclass(frozen=True)
class PredictedHand:
    """One predicted hand; what the system does not state is None or NaN."""

    keypoints_px: np.ndarray
    """(21, 2) pixels."""
    score: float = 1.0
    handedness: str | None = None
    joints_m: np.ndarray | None = None
    """(21, 3) metres, camera optical frame."""
    hand_scale_m: float = float("nan")
    """The hand scale that the metres rest on."""
    keypoint_stddev_px: np.ndarray | None = None
    """(21,) pixels."""
    joint_stddev_m: np.ndarray | None = None
    """(21, 2) metres, across and along the viewing ray."""


def predict_samples(
    estimator: Callable, samples: Iterable[Sample], progress: Callable[[int], None] = lambda _: None
) -> list[list[PredictedHand]]:
    """Run ``estimator(image, camera)`` over the samples, every image by itself."""
    predictions = []
    for sample in samples:
        predictions.append([_from_pose(hand) for hand in estimator(sample.image(), sample.camera)])
        progress(1)
    return predictions


def read_predictions(path: str | Path, samples: Iterable[Sample]) -> list[list[PredictedHand]]:
    """Read JSON lines and order them like ``samples``, by file name. Raises ValueError if an image has no line."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines() if line.strip()]
    by_name = {Path(line["image"]).name: line for line in lines}
    samples = list(samples)
    missing = [sample.image_path.name for sample in samples if sample.image_path.name not in by_name]
    if missing:
        raise ValueError(
            f"{path}: no prediction for {len(missing)} of {len(samples)} images, the first is {missing[0]}"
        )
    return [[_from_json(hand) for hand in by_name[sample.image_path.name].get("hands", [])] for sample in samples]


def _from_pose(hand: HandPose) -> PredictedHand:
    return PredictedHand(
        keypoints_px=hand.keypoints_px,
        score=hand.score,
        handedness=hand.handedness,
        joints_m=hand.joints_m,
        hand_scale_m=hand.hand_scale.mean_m if hand.hand_scale else float("nan"),
        keypoint_stddev_px=hand.keypoint_stddev_px,
        joint_stddev_m=hand.joint_stddev_m,
    )


def _from_json(hand: dict) -> PredictedHand:
    def array(name):
        return None if hand.get(name) is None else np.asarray(hand[name], dtype=np.float64)

    scale = hand.get("hand_scale_m")
    return PredictedHand(
        keypoints_px=array("keypoints_px"),
        score=hand.get("score", 1.0),
        handedness=hand.get("handedness"),
        joints_m=array("joints_m"),
        hand_scale_m=float("nan") if scale is None else scale,
        keypoint_stddev_px=array("keypoint_stddev_px"),
        joint_stddev_m=array("joint_stddev_m"),
    )
