"""How the hand's parts move when one joint angle changes: the axis it turns about, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.rotations import cross
from hand_pose_ros.training.poses.skeleton import ANGLE, ANGLE_NAMES, FINGER_NAMES, PosedHand

PALM_PART, PARTS = 15, 16
FINGER_ANGLES = tuple(k for k, name in enumerate(ANGLE_NAMES) if name.startswith(("thumb", *FINGER_NAMES)) and "arch"
                      not in name)  # fmt: skip
"""The 22 angles of thumb and fingers among the 28; the palm's arches and the arm are left out."""
_COLUMN = {number: column for column, number in enumerate(FINGER_ANGLES)}


def _carried() -> np.ndarray:
    """(22, 16) 1 where an angle moves a phalanx (0-14); nothing here moves the palm (15)."""
    first = {"spread": 0, "mcp": 0, "pip": 1, "dip": 2}
    first_of_thumb = {"abduction": 0, "opposition": 0, "twist": 0, "mcp": 1, "mcp_side": 1, "ip": 2}
    carried = np.zeros((len(FINGER_ANGLES), PARTS))
    for number, column in _COLUMN.items():
        name, joint = ANGLE_NAMES[number].split("_", 1)
        finger = ("thumb", *FINGER_NAMES).index(name)
        start = (first if finger else first_of_thumb)[joint]
        carried[column, 3 * finger + start : 3 * finger + 3] = 1.0
    return carried


CARRIED = _carried()


@dataclass(frozen=True)
class Leverage:
    """Turning axes and points on them of the 22 ``FINGER_ANGLES`` of N posed hands, hand frame."""

    axes: np.ndarray
    origins: np.ndarray
    """(N, 22, 3)"""

    @classmethod
    def of(cls, posed: PosedHand, angles: np.ndarray) -> Leverage:
        """Of hands posed by ``angles`` (N, 28)."""
        axes, origins = (np.zeros((len(posed.joints), len(FINGER_ANGLES), 3)) for _ in range(2))
        for name, axis, joint in (*_thumb_axes(posed, angles), *_finger_axes(posed, angles)):
            column = _COLUMN[ANGLE[name]]
            axes[:, column], origins[:, column] = axis, posed.joints[:, joint]
        return cls(axes, origins)

    def of_points(self, points: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Metres per radian (N, K, 22, 3) of points (N, K, 3) on the phalanges ``parts`` (N, K), 15 for the palm."""
        arms = points[:, :, None] - self.origins[:, None]
        return CARRIED.T[parts][..., None] * cross(self.axes[:, None], arms)

    def along(self, points: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """Metres per radian (N, K, 22) along unit vectors ``ways`` (N, K, 3) of points (N, K, 3), as if every angle
        moved them: multiply by ``CARRIED``."""
        moments = cross(self.axes, self.origins)
        return cross(points, ways) @ np.swapaxes(self.axes, 1, 2) - ways @ np.swapaxes(moments, 1, 2)

    def of_directions(self, directions: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Change per radian (N, K, 22, 3) of unit vectors (N, K, 3) fixed to the phalanges ``parts`` (N, K)."""
        return CARRIED.T[parts][..., None] * cross(self.axes[:, None], directions[:, :, None])


def _thumb_axes(posed: PosedHand, angles: np.ndarray):
    frames, opposition = posed.frames, angles[:, ANGLE["thumb_opposition"]]
    upright = np.stack([0 * opposition, np.sin(opposition), np.cos(opposition)], axis=1)
    yield "thumb_opposition", np.array([-1.0, 0.0, 0.0]), 1
    yield "thumb_abduction", upright, 1
    yield "thumb_twist", frames[:, 0, :, 0], 1
    yield "thumb_mcp_side", frames[:, 0, :, 2], 2
    yield "thumb_mcp", frames[:, 1, :, 1], 2
    yield "thumb_ip", frames[:, 2, :, 1], 3


def _finger_axes(posed: PosedHand, angles: np.ndarray):
    for finger, name in enumerate(FINGER_NAMES):
        first, joint = 3 * finger + 3, 5 + 4 * finger
        bend, frame = angles[:, ANGLE[f"{name}_mcp"], None], posed.frames[:, first]
        # Spread comes before flexion: about the back's direction of the finger not yet bent.
        yield f"{name}_spread", np.cos(bend) * frame[:, :, 2] - np.sin(bend) * frame[:, :, 0], joint
        for segment, angle in enumerate(("mcp", "pip", "dip")):
            yield f"{name}_{angle}", posed.frames[:, first + segment, :, 1], joint + segment
