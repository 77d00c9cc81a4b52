"""Smooth hand motion through key poses: angles and position by monotone cubics, orientation by a rotation spline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, RotationSpline

from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.skeleton import ANGLE
from hand_pose_ros.training.renderer.viewpoint import PALM_TO_CAMERA


@dataclass(frozen=True)
class KeyPose:
    """Where a hand is at one time."""

    time_s: float
    angles: np.ndarray
    """(28,) radians."""
    wrist_m: tuple[float, float, float]
    """Camera optical frame."""
    facing: tuple[float, float, float]
    """Degrees: turn about the upright hand's axis (0 palm to the camera, 180 back), tilt to the camera, roll."""


def upright(handedness: str, turn: float, tilt: float, roll: float) -> np.ndarray:
    """Rotation (3, 3) wrist frame -> camera frame of a raised hand; all degrees 0: palm to the camera."""
    side = 1.0 if handedness == "right" else -1.0
    turned = Rotation.from_euler("yxz", [side * turn, tilt, side * roll], degrees=True)
    return turned.as_matrix() @ PALM_TO_CAMERA


class HandMotion:
    """A hand's way through ``keys``; between the last and the next time it is simply not there."""

    def __init__(self, handedness: str, keys: list[KeyPose], seed: int = 0):
        self.handedness = handedness
        self.start_s, self.end_s = keys[0].time_s, keys[-1].time_s
        times = [key.time_s for key in keys]
        self._angles = PchipInterpolator(times, [key.angles for key in keys])
        self._wrist = PchipInterpolator(times, [key.wrist_m for key in keys])
        self._turn = RotationSpline(times, Rotation.from_matrix([upright(handedness, *key.facing) for key in keys]))
        generator = np.random.default_rng(seed)
        self._phase = generator.uniform(0, 2 * np.pi, len(ANGLE) + 3)
        self._rate = generator.uniform(0.4, 1.3, len(ANGLE) + 3)

    def at(self, time_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Angles (28,), rotation (3, 3) and wrist (3,) at a time, None outside the motion."""
        if not self.start_s <= time_s <= self.end_s:
            return None
        sway = np.sin(2 * np.pi * self._rate * time_s + self._phase)
        angles = clip(self._angles(time_s) + np.radians(1.2) * sway[: len(ANGLE)])
        return angles, self._turn(time_s).as_matrix(), self._wrist(time_s) + 0.003 * sway[len(ANGLE) :]
