"""``Sample``: what every dataset reader yields, whatever the dataset calls its things."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, WRIST


@dataclass(frozen=True)
class HandLabel:
    """The truth about one hand. What a dataset does not say is NaN or None, never invented."""

    keypoints_px: np.ndarray
    """(21, 2) pixels of the raw image; NaN where unlabelled."""
    handedness: str | None = None
    """``left``, ``right`` or None."""
    joints_m: np.ndarray | None = None
    """(21, 3) metres, camera optical frame; NaN where unlabelled."""
    visible: np.ndarray | None = None
    """(21,) bool: not occluded."""

    @property
    def box_px(self) -> np.ndarray:
        """(4,) x, y of the first and of the last corner of the upright box around the labelled keypoints, pixels."""
        return np.concatenate([np.nanmin(self.keypoints_px, axis=0), np.nanmax(self.keypoints_px, axis=0)])

    @property
    def hand_scale_m(self) -> float:
        """True distance from wrist to middle MCP in metres, NaN if unknown."""
        if self.joints_m is None:
            return float("nan")
        return float(np.linalg.norm(self.joints_m[MIDDLE_MCP] - self.joints_m[WRIST]))


@dataclass(frozen=True)
class Sample:
    """One image with its hands."""

    image_path: Path
    width: int
    height: int
    hands: tuple[HandLabel, ...]
    camera: CameraModel | None = None
    source: str = ""
    """Which part of a dataset it belongs to; results are listed by it."""
    exhaustive: bool = False
    """True if every hand in the image is labelled, so that a further one found is a false positive."""
    metadata: dict = field(default_factory=dict)

    def image(self) -> np.ndarray:
        """Read the image, (H, W, 3) uint8 RGB. Raises OSError if it cannot be read."""
        pixels = cv2.imread(str(self.image_path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if pixels is None:
            raise OSError(f"cannot read image {self.image_path}")
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
