"""Smoothing of one hand over time, driven by image stamps: the One-Euro filter and constant bone lengths.

One-Euro (Casiez, Roussel and Vogel, CHI 2012): a first-order low-pass whose cutoff rises with speed,
    cutoff = min_cutoff + beta * |speed|,    gain = 1 / (1 + 1 / (2 pi cutoff dt)),
so that a still hand does not jitter and a fast one does not lag. Every signal is measured in hand sizes: keypoints in
hand extents, joints in wrist-to-middle-MCP lengths, the distance as its logarithm; one set of numbers then serves every
resolution and distance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_pose_ros.hand import BONES, MIDDLE_MCP, HandPose
from hand_pose_ros.kinematics import bone_lengths, normalize
from hand_pose_ros.region import hand_box
from hand_pose_ros.settings import check, setting


@dataclass(frozen=True)
class FilterSettings:
    """How strongly poses are smoothed."""

    enabled: bool = setting(True, "Smooth poses over time; off gives what the networks say about each image.")
    min_cutoff_hz: float = setting(
        1.0, "Cutoff frequency for a still hand, hertz: lower is steadier.", minimum=0.01, maximum=100.0
    )
    beta: float = setting(
        16.0, "Rise of the cutoff with speed, hertz per hand size per second: higher lags less.",
        minimum=0.0, maximum=1000.0,
    )  # fmt: skip
    depth_min_cutoff_hz: float = setting(
        1.0, "The same cutoff for the distance from the camera, which is noisier.", minimum=0.01, maximum=100.0
    )
    depth_beta: float = setting(
        16.0, "Rise of that cutoff, hertz per relative change of distance per second.", minimum=0.0, maximum=1000.0
    )
    bone_memory_s: float = setting(
        5.0, "Time constant of a hand's bone lengths, seconds; 0 leaves the network's lengths.",
        minimum=0.0, maximum=60.0,
    )  # fmt: skip

    def __post_init__(self):
        check(self)


PARENTS, CHILDREN = np.array(BONES).T
SPEED_CUTOFF_HZ = 1.0
"""Cutoff for the speed estimate, as the paper recommends."""


def gain(cutoff_hz, elapsed_s: float):
    """Share of the new value in a first-order low-pass (Casiez et al. 2012, equation 5, tau = 1 / (2 pi cutoff))."""
    return 1.0 / (1.0 + 1.0 / (2.0 * np.pi * cutoff_hz * elapsed_s))


class OneEuro:
    """The filter for an array of points (..., D); the cutoff of a point follows the length of its speed vector."""

    def __init__(self):
        self._value, self._speed, self._stamp_s = None, None, None

    def __call__(self, value: np.ndarray, stamp_s: float, min_cutoff_hz: float, beta: float) -> np.ndarray:
        """The smoothed ``value`` at ``stamp_s``. The first value, or one whose stamp is not later, is passed on."""
        if self._value is None or stamp_s <= self._stamp_s:
            self._speed = np.zeros_like(value) if self._speed is None else self._speed
            self._value, self._stamp_s = value, stamp_s
            return value
        elapsed, self._stamp_s = stamp_s - self._stamp_s, stamp_s
        speed = (value - self._value) / elapsed
        self._speed = self._speed + gain(SPEED_CUTOFF_HZ, elapsed) * (speed - self._speed)
        cutoff = min_cutoff_hz + beta * np.linalg.norm(self._speed, axis=-1, keepdims=True)
        self._value = self._value + gain(cutoff, elapsed) * (value - self._value)
        return self._value


class BoneLengths:
    """Constant bone lengths: directions come from each pose, lengths from a running mean over the poses of one hand."""

    def __init__(self):
        self._lengths, self._stamp_s, self._seen_s = None, None, 0.0

    def __call__(self, joints: np.ndarray, stamp_s: float, memory_s: float) -> np.ndarray:
        """Normalised ``joints`` (21, 3) with the hand's own bone lengths, middle MCP at the origin again."""
        lengths = bone_lengths(joints)
        if self._lengths is None or memory_s <= 0.0:
            self._lengths, self._stamp_s, self._seen_s = lengths, stamp_s, 0.0
            return joints
        elapsed, self._stamp_s = max(stamp_s - self._stamp_s, 0.0), stamp_s
        self._seen_s = min(self._seen_s + elapsed, memory_s)
        self._lengths = self._lengths + min(elapsed / (self._seen_s + 1e-9), 0.5) * (lengths - self._lengths)
        return with_lengths(joints, self._lengths)


def with_lengths(joints: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Normalised joints (21, 3) whose bones keep their direction and get the given ``lengths`` (20,)."""
    bones = joints[CHILDREN] - joints[PARENTS]
    bones *= (lengths / np.maximum(np.linalg.norm(bones, axis=1), 1e-9))[:, None]
    fingers = np.cumsum(bones.reshape(5, 4, 3), axis=1).reshape(20, 3)  # four bones each, from the wrist outwards
    return normalize(np.vstack([np.zeros(3), fingers]))[0]


class HandFilter:
    """Smooths one hand: ``smooth`` before it is placed in metres, ``steady`` after."""

    def __init__(self):
        self._keypoints, self._joints, self._distance = OneEuro(), OneEuro(), OneEuro()
        self._bones, self._extent = BoneLengths(), None

    def smooth(self, hand: HandPose, stamp_s: float, settings: FilterSettings) -> HandPose:
        """Keypoints and normalised joints smoothed."""
        if self._extent is None:
            # Any fixed unit will do; the hand's first extent makes speeds those of hand sizes per second.
            self._extent = max(np.ptp(hand.keypoints_px, axis=0).max(), 1.0)
        numbers = stamp_s, settings.min_cutoff_hz, settings.beta
        keypoints = self._keypoints(hand.keypoints_px / self._extent, *numbers) * self._extent
        joints = self._bones(hand.normalized_joints, stamp_s, settings.bone_memory_s)
        joints = normalize(self._joints(joints, *numbers))[0]
        return replace(hand, keypoints_px=keypoints, normalized_joints=joints, box=hand_box(keypoints))

    def steady(self, hand: HandPose, stamp_s: float, settings: FilterSettings) -> HandPose:
        """The distance smoothed: the hand is moved along the ray through its root, so that pixels keep their place."""
        if hand.joints_m is None:
            return hand
        root = hand.joints_m[MIDDLE_MCP]
        distance = np.log(root[2:3])
        moved_by = np.exp(
            self._distance(distance, stamp_s, settings.depth_min_cutoff_hz, settings.depth_beta) - distance
        )
        return replace(hand, joints_m=hand.joints_m + root * (moved_by - 1.0))
