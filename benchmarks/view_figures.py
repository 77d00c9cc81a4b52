"""What is counted of hands in images, in their mirror images and in turned ones (image_views.py)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from hand_pose_ros.mirroring import mirrored_pixels
from hand_pose_ros.region import hand_distance

ANGLES_DEG = tuple(range(0, 360, 30))
SAME = 0.5
"""Hands that are farther apart, in hand extents, are two."""


@dataclass
class MirrorFigures:
    """Hands of images against those of the mirror images."""

    alike: list[bool] = field(default_factory=list)
    other_side: list[bool] = field(default_factory=list)
    distance: list[float] = field(default_factory=list)

    def add(self, hands: Sequence, mirrored: Sequence, width: int) -> None:
        """One image ``width`` pixels wide: the hands found in it and in its mirror image."""
        self.alike.append(len(hands) == len(mirrored))
        left = [(hand.handedness, mirrored_pixels(hand.keypoints_px, width)) for hand in mirrored]
        for hand in hands:
            distances = [hand_distance(hand.keypoints_px, keypoints) for _, keypoints in left]
            if distances and min(distances) < SAME:
                side, _ = left.pop(int(np.argmin(distances)))
                self.distance.append(min(distances))
                self.other_side.append(side != hand.handedness)

    def figures(self) -> dict[str, float]:
        """By the names of the table's columns; NaN where nothing was found."""
        return {
            "images": len(self.alike), "found_alike": mean(self.alike), "hands": len(self.distance),
            "other_side": mean(self.other_side), "distance": mean(self.distance),
            "median_distance": float(np.median(self.distance)) if self.distance else math.nan,
        }  # fmt: skip


@dataclass
class TurnFigures:
    """Errors of labelled hands by the angle of their images."""

    errors: dict[int, list[float]] = field(default_factory=dict)
    """Angle -> error of every hand in upright extents, NaN not found; the same hands in the same order."""

    def add(self, angle: int, found: Sequence, upright: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> None:
        """One view: the hands ``found``, the labelled ones (21, 2) in the ``upright`` image and in this view."""
        for before, label in zip(upright, labels, strict=True):
            extent = max(float((np.nanmax(before, axis=0) - np.nanmin(before, axis=0)).max()), 1.0)
            distances = [np.nanmean(np.linalg.norm(hand.keypoints_px - label, axis=1)) / extent for hand in found]
            near = min(distances, default=math.inf)
            self.errors.setdefault(angle, []).append(float(near) if near < SAME else math.nan)

    def figures(self) -> dict[str, dict[str, float]]:
        """Angle -> figures by the names of the table's columns; the upright angle is 0."""
        return {str(angle): self._figures(np.array(errors)) for angle, errors in self.errors.items()}

    def _figures(self, errors: np.ndarray) -> dict[str, float]:
        upright = np.array(self.errors[0])
        found, both = np.isfinite(errors), np.isfinite(errors + upright)
        return {
            "hands": len(errors), "found": mean(found), "error_2d": mean(errors[found]),
            "over_upright": mean(errors[both]) / mean(upright[both]) if both.any() else math.nan,
        }  # fmt: skip


def mean(values) -> float:
    """NaN of nothing."""
    return float(np.mean(values)) if len(values) else math.nan


def turned(image: np.ndarray, degrees: float) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """The image turned counter-clockwise on a black square of its diagonal, and what moves pixels (N, 2) along."""
    height, width = image.shape[:2]
    side = math.ceil(math.hypot(height, width))
    affine = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    affine[:, 2] += (side - width) / 2, (side - height) / 2
    return cv2.warpAffine(image, affine, (side, side)), lambda points: points @ affine[:, :2].T + affine[:, 2]
