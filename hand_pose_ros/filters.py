"""Smoothing of one hand over time, driven by image stamps: the One-Euro filter and constant bone lengths.

One-Euro (Casiez, Roussel and Vogel, CHI 2012): a first-order low-pass whose cutoff rises with speed,
    cutoff = min_cutoff + beta * |speed|,    gain = 1 / (1 + 1 / (2 pi cutoff dt)),
so that a still hand does not jitter and a fast one does not lag. Every signal is measured in hand sizes: keypoints in
hand extents; joints about the middle MCP and its bearing in wrist-to-middle-MCP lengths; its distance, the noisiest, by
the logarithm and with numbers of its own. One set of numbers then serves every resolution and distance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_pose_ros.hand import BONES, KEYPOINT_COUNT, MIDDLE_MCP, HandPose
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
INCIDENCE = np.eye(KEYPOINT_COUNT)[CHILDREN] - np.eye(KEYPOINT_COUNT)[PARENTS]
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
    """The lengths of one hand's bones: a running mean over its poses."""

    def __init__(self):
        self._lengths, self._stamp_s, self._seen_s = None, None, 0.0

    def __call__(self, joints: np.ndarray, stamp_s: float, memory_s: float) -> np.ndarray:
        """Mean lengths (20,) after one more pose, ``joints`` (21, 3); the pose's own ones without a memory."""
        lengths = bone_lengths(joints)
        if self._lengths is None or memory_s <= 0.0:
            self._lengths, self._stamp_s, self._seen_s = lengths, stamp_s, 0.0
            return lengths
        elapsed, self._stamp_s = max(stamp_s - self._stamp_s, 0.0), stamp_s
        self._seen_s = min(self._seen_s + elapsed, memory_s)
        self._lengths = self._lengths + min(elapsed / (self._seen_s + 1e-9), 0.5) * (lengths - self._lengths)
        return self._lengths


def with_lengths(joints: np.ndarray, lengths: np.ndarray, steps: int = 2) -> np.ndarray:
    """Joints (21, 3) whose bones have ``lengths`` (20,), moved as little as possible; the middle MCP at the origin.

    Each step solves the linearised constraints for the displacement of least norm, J^T (J J^T)^-1 (lengths - present
    lengths) (constraint projection as in Mueller et al. 2007, "Position Based Dynamics", for all bones at once).
    Building each finger up from the wrist instead would carry the error of every bone to its tip.
    """
    for _ in range(steps):
        bones = joints[CHILDREN] - joints[PARENTS]
        present = np.maximum(np.linalg.norm(bones, axis=1), 1e-9)
        directions = bones / present[:, None]
        coupling = INCIDENCE @ INCIDENCE.T * (directions @ directions.T) + 1e-9 * np.eye(len(bones))
        pull = np.linalg.solve(coupling, lengths - present)
        joints = joints + INCIDENCE.T @ (pull[:, None] * directions)
    return joints - joints[MIDDLE_MCP]


class HandFilter:
    """Smooths one hand. It comes after placement: what it smooths are the numbers that are published."""

    def __init__(self):
        self._keypoints, self._joints, self._bearing, self._distance = (OneEuro() for _ in range(4))
        self._bones, self._extent_px, self._first_distance = BoneLengths(), None, None

    def __call__(self, hand: HandPose, stamp_s: float, settings: FilterSettings) -> HandPose:
        """The hand with smooth keypoints, joints and distance. The first pose is passed on."""
        # Any fixed unit will do; the hand's first extent makes speeds those of hand sizes per second.
        self._extent_px = self._extent_px or max(float(np.ptp(hand.keypoints_px, axis=0).max()), 1.0)
        numbers = stamp_s, settings.min_cutoff_hz, settings.beta
        keypoints = self._keypoints(hand.keypoints_px / self._extent_px, *numbers) * self._extent_px
        metric = hand.joints_m is not None
        joints = hand.joints_m / hand.hand_scale.mean_m if metric else hand.normalized_joints
        joints = self._joints(joints - joints[MIDDLE_MCP], *numbers)
        # Points that are smoothed one by one do not keep their bones' lengths, so these come last; and their mean is
        # taken over smoothed poses, as noise makes bones longer.
        lengths = self._bones(joints, stamp_s, settings.bone_memory_s)
        joints = with_lengths(joints, lengths) if settings.bone_memory_s > 0.0 else joints
        hand = replace(
            hand, keypoints_px=keypoints, box=hand_box(keypoints), normalized_joints=normalize(joints)[0],
        )  # fmt: skip
        return replace(hand, joints_m=self._placed(hand, joints, stamp_s, settings)) if metric else hand

    def _placed(self, hand: HandPose, joints: np.ndarray, stamp_s: float, settings: FilterSettings) -> np.ndarray:
        """Joints in metres: ``joints`` in hand scales about the middle MCP, whose bearing and distance are smoothed."""
        scale = hand.hand_scale.mean_m
        root = hand.joints_m[MIDDLE_MCP] / scale
        self._first_distance = self._first_distance or root[2]
        numbers = stamp_s, settings.min_cutoff_hz, settings.beta
        bearing = self._bearing(root[:2] / root[2] * self._first_distance, *numbers) / self._first_distance
        numbers = stamp_s, settings.depth_min_cutoff_hz, settings.depth_beta
        distance = np.exp(self._distance(np.log(root[2:]), *numbers)[0])
        return (joints + distance * np.append(bearing, 1.0)) * scale
