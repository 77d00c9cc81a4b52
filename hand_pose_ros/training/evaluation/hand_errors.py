"""All errors of one labelled hand, given the prediction matched to it (or none)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import WRIST
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.evaluation.matching import box_iou, box_size
from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.sample import HandLabel


@dataclass(frozen=True)
class HandErrors:
    """NaN where the label or the prediction says nothing. Per-keypoint arrays have shape (21,)."""

    source: str
    image: str
    found: bool
    box_size_px: float
    pixels: np.ndarray
    """Keypoint distances, pixels."""
    aligned_m: np.ndarray
    """Joint distances after Procrustes alignment, metres."""
    relative_m: np.ndarray
    """Joint distances with the wrists laid on each other, metres, size as predicted."""
    absolute_m: np.ndarray
    """Joint distances in the camera frame with the predicted hand scale, metres."""
    absolute_true_scale_m: np.ndarray
    """The same after multiplying the prediction by true / predicted hand scale: what is left when the size is known."""
    relative_true_scale_m: np.ndarray
    depth_m: np.ndarray
    """Signed error along z, predicted minus true, metres, with the predicted scale."""
    box_iou: float
    handedness_right: float
    """1.0 if the side is right, 0.0 if wrong."""
    over_sigma: dict[str, np.ndarray]
    """Per direction (``pixel``, ``across``, ``along``) the components of each error over its stated deviation."""

    @property
    def relative_pixels(self) -> float:
        """Mean keypoint distance in longer sides of the label's box."""
        return float(_mean(self.pixels) / self.box_size_px)


def measure(label: HandLabel, hand: PredictedHand | None, source: str = "", image: str = "") -> HandErrors:
    """Compare one label with its prediction."""
    if hand is None:
        return _missed(label, source, image)
    distances = _distances(label, hand)
    return HandErrors(
        source=source,
        image=image,
        found=True,
        box_size_px=box_size(label),
        pixels=np.linalg.norm(hand.keypoints_px - label.keypoints_px, axis=1),
        box_iou=box_iou(label, hand),
        handedness_right=_side(label, hand),
        over_sigma=_over_sigma(label, hand),
        **distances,
    )


def _missed(label: HandLabel, source: str, image: str) -> HandErrors:
    nothing = np.full(21, np.nan)
    return HandErrors(
        source, image, False, box_size(label), nothing, nothing, nothing, nothing, nothing, nothing, nothing,
        float("nan"), float("nan"), {},
    )  # fmt: skip


def _distances(label: HandLabel, hand: PredictedHand) -> dict[str, np.ndarray]:
    names = (
        "aligned_m", "relative_m", "absolute_m", "absolute_true_scale_m", "relative_true_scale_m", "depth_m",
    )  # fmt: skip
    if label.joints_m is None or hand.joints_m is None:
        return dict.fromkeys(names, np.full(21, np.nan))
    true, found = label.joints_m, hand.joints_m
    resized = found * (label.hand_scale_m / hand.hand_scale_m)
    values = (
        _norm(_aligned(found, true) - true),
        _norm((found - found[WRIST]) - (true - true[WRIST])),
        _norm(found - true),
        _norm(resized - true),
        _norm((resized - resized[WRIST]) - (true - true[WRIST])),
        found[:, 2] - true[:, 2],
    )
    return dict(zip(names, values, strict=True))


def _aligned(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    known = np.isfinite(true).all(axis=1)
    result = np.full_like(found, np.nan)
    if known.sum() >= 4:
        result[known] = procrustes_align(found[known], true[known])
    return result


def _side(label: HandLabel, hand: PredictedHand) -> float:
    if label.handedness is None or hand.handedness is None:
        return float("nan")
    return float(label.handedness == hand.handedness)


def _over_sigma(label: HandLabel, hand: PredictedHand) -> dict[str, np.ndarray]:
    """Per component, so that a calibrated normal deviation covers 68.3 % of them."""
    result = {}
    if hand.keypoint_stddev_px is not None:
        error = np.abs(hand.keypoints_px - label.keypoints_px)
        result["pixel"] = (error / hand.keypoint_stddev_px[:, None]).ravel()
    if hand.joint_stddev_m is not None and label.joints_m is not None and hand.joints_m is not None:
        components = np.abs((_ray_axes(hand.joints_m) @ (hand.joints_m - label.joints_m)[..., None])[..., 0])
        result["across"] = (components[:, :2] / hand.joint_stddev_m[:, :1]).ravel()
        result["along"] = components[:, 2] / hand.joint_stddev_m[:, 1]
    return result


def _ray_axes(joints: np.ndarray) -> np.ndarray:
    """(21, 3, 3) rows: two axes across the viewing ray of each joint (one of them level), and the ray."""
    ray = joints / _norm(joints)[:, None]
    level = np.cross([0.0, 1.0, 0.0], ray)
    level /= np.maximum(_norm(level), 1e-12)[:, None]
    return np.stack([level, np.cross(ray, level), ray], axis=1)


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
