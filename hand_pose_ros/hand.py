"""The hand: keypoint names, bones, and the ``HandPose`` that every part of the package passes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

KEYPOINT_NAMES = (
    "wrist",
    "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
    "index_mcp", "index_pip", "index_dip", "index_tip",
    "middle_mcp", "middle_pip", "middle_dip", "middle_tip",
    "ring_mcp", "ring_pip", "ring_dip", "ring_tip",
    "little_mcp", "little_pip", "little_dip", "little_tip",
)  # fmt: skip
KEYPOINT_COUNT = len(KEYPOINT_NAMES)
WRIST, INDEX_MCP, MIDDLE_MCP, LITTLE_MCP = 0, 5, 9, 17
FINGERS = ("thumb", "index", "middle", "ring", "little")
FINGERTIPS = (4, 8, 12, 16, 20)

# (parent, child) pairs, wrist outwards; bone i ends in keypoint i + 1.
BONES = tuple((0 if child % 4 == 1 else child - 1, child) for child in range(1, KEYPOINT_COUNT))

LEFT, RIGHT = "left", "right"
DETECTED, TRACKED, PREDICTED = "detected", "tracked", "predicted"


def opposite(handedness: str) -> str:
    """The other side of the body: ``left`` for ``right`` and the reverse."""
    return {LEFT: RIGHT, RIGHT: LEFT}[handedness]


@dataclass(frozen=True)
class OrientedBox:
    """A rotated rectangle in raw image pixels that holds one hand.

    ``angle_rad`` is the clockwise rotation seen in the image (y points down) that carries the image's x axis onto the
    box's x axis; the box's own "up" is where the fingers of an upright hand point, so an upright hand has angle 0.
    """

    centre_px: tuple[float, float]
    size_px: tuple[float, float]
    angle_rad: float = 0.0

    def corners_px(self) -> np.ndarray:
        """Corners (4, 2) in pixels: top-left, top-right, bottom-right, bottom-left of the unrotated box."""
        half = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * self.size_px
        cosine, sine = np.cos(self.angle_rad), np.sin(self.angle_rad)
        return half @ np.array([[cosine, sine], [-sine, cosine]]) + self.centre_px


@dataclass(frozen=True)
class HandScale:
    """The metric length from wrist to middle MCP joint, the one number that turns a normalised hand into metres.

    ``source`` is ``prior``, ``user``, ``calibrated`` or ``depth``. A 10 % error in ``mean_m`` is a 10 % error in depth.
    """

    mean_m: float
    stddev_m: float
    source: str

    def __post_init__(self):
        if not (np.isfinite(self.mean_m) and 0.02 <= self.mean_m <= 0.2):
            raise ValueError(f"hand scale {self.mean_m} m: give the wrist-to-middle-MCP length, 0.02 to 0.2 metres")
        if not (np.isfinite(self.stddev_m) and 0.0 <= self.stddev_m <= 0.1):
            raise ValueError(f"hand scale deviation {self.stddev_m} m: give 0 to 0.1 metres")


@dataclass(frozen=True)
class Lift:
    """What a lifter says of a hand's place and of its own errors; metres follow from it."""

    distance: float
    """From the camera to the middle MCP, hand scales."""
    distance_stddev: float
    """Relative."""
    joint_stddev: np.ndarray
    """(21, 2) of the joints about the middle MCP, hand scales: across the viewing ray (per direction), along it."""
    centre_stddev: np.ndarray
    """(21,) of the direction in which each joint's centre is seen, radians per direction."""


@dataclass(frozen=True)
class HandPose:
    """One hand in one image. Without intrinsics every metric field is None: metres are never invented.

    Frame: camera optical (x right, y down, z forward), metres. Pixels: raw image; (0, 0) is the first pixel's centre.
    """

    handedness: str
    handedness_score: float
    """Probability of ``handedness``, 0.5 to 1."""
    score: float
    """Probability that a hand is there, 0 to 1."""
    box: OrientedBox
    keypoints_px: np.ndarray
    """(21, 2) pixels."""
    keypoint_scores: np.ndarray
    """(21,) confidence per keypoint, 0 to 1."""
    keypoint_stddev_px: np.ndarray
    """(21,) 1-sigma deviation per image axis, pixels."""
    normalized_joints: np.ndarray
    """(21, 3) middle MCP at the origin, wrist-to-middle-MCP length 1, axes of the camera optical frame."""
    joint_centres_px: np.ndarray | None = None
    """(21, 2) pixels where a lifter says that the joints' centres are seen; metres follow from them. A detector's
    keypoints are where annotators click: on knuckles and creases."""
    joints_m: np.ndarray | None = None
    """(21, 3) metres in the camera optical frame."""
    joint_stddev_m: np.ndarray | None = None
    """(21, 2) 1-sigma deviations in metres: across the viewing ray (each of two directions), along it."""
    hand_scale: HandScale | None = None
    id: int = -1
    """Track number, -1 when no tracker has seen the hand."""
    status: str = DETECTED
    metadata: dict = field(default_factory=dict)
    """What a network adds beyond the contract (masks, viewpoint); nothing in the package depends on it."""
    lift: Lift | None = None
    """Where a lifter places the hand; set together with ``joint_centres_px``."""
    mirror_gap: float | None = None
    """How far looks at the hand and at its mirror image differ: mean over keypoints, longer sides of their box. None in
    video, where the mirror image is not looked at. The less they differ, the less keypoints err (``still_looks``)."""
