"""Grasps of spheres and cylinders: fingers close until they touch, the thumb opposes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.capsules import PHALANGES, capsule_ends, capsule_radii, segment_distance
from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.named import FAN, hand
from hand_pose_ros.training.poses.skeleton import ANGLE, FINGER_NAMES, PosedHand, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand

STEPS = 24


@dataclass(frozen=True)
class Primitive:
    """N capsules in the hand frame, metres: a sphere is a capsule of length zero."""

    ends: np.ndarray
    """(N, 2, 3)"""
    radius: np.ndarray
    """(N,)"""


def random_primitives(generator: np.random.Generator, count: int) -> Primitive:
    """Objects in front of the palm: one half spheres, one half cylinders that lie across it, more or less."""
    radius = generator.uniform(0.010, 0.042, count)
    centre = np.stack(
        [generator.uniform(0.085, 0.115, count), generator.uniform(-0.012, 0.012, count), -0.020 - radius], axis=1
    )
    tilt = generator.normal(0, 0.25, count)
    half = np.where(generator.random(count) < 0.5, 0.0, 0.08)[:, None]
    axis = half * np.stack([np.sin(tilt), np.cos(tilt), np.zeros(count)], axis=1)
    return Primitive(np.stack([centre - axis, centre + axis], axis=1), radius)


def clearance(posed: PosedHand, primitive: Primitive, finger: int) -> np.ndarray:
    """Smallest distance (N,) in metres from a finger's capsules (0 thumb to 4) to the primitive; negative inside."""
    ends, radii = capsule_ends(posed), capsule_radii(posed)
    parts = [k for k in range(len(PHALANGES)) if k // 3 == finger and not (finger == 0 and k == 0)]
    gaps = []
    for part in parts:
        distance, along, _ = segment_distance(ends[:, part], primitive.ends)
        radius = radii[:, part, 0] + along * (radii[:, part, 1] - radii[:, part, 0])
        gaps.append(distance - radius - primitive.radius)
    return np.min(gaps, axis=0)


def grasp_poses(generator: np.random.Generator, count: int) -> np.ndarray:
    """Angles (count, 28) of the standard hand around random primitives."""
    return grasp(generator, random_primitives(generator, count))


def grasp(generator: np.random.Generator, primitive: Primitive) -> np.ndarray:
    """Close each finger from open until it touches ``primitive`` (or is closed), all hands in step."""
    count = len(primitive.radius)
    wide = np.array([hand((4, 20, 10, 0, 0, 0), (0, 0, 0, 0), {k: 0.7 * v for k, v in FAN.items()})])
    angles = np.repeat(wide, count, axis=0)
    angles[:, ANGLE["thumb_opposition"]] = np.radians(generator.uniform(45, 80, count))
    angles[:, ANGLE["thumb_twist"]] = np.radians(generator.uniform(10, 30, count))
    style = generator.uniform(0.5, 1.4, (count, 1))
    for number, name in enumerate(("thumb", *FINGER_NAMES)):
        direction = _closing(name) * np.where(np.char.endswith(list(ANGLE), "_mcp"), 1.0, style)
        _close(angles, direction, primitive, number)
    return clip(angles)


def _closing(name: str) -> np.ndarray:
    """Angles that a finger gains while it closes fully, radians (28,)."""
    goal = np.zeros(len(ANGLE))
    sizes = {"abduction": -30, "mcp": 40, "ip": 55} if name == "thumb" else {"mcp": 78, "pip": 88, "dip": 52}
    for joint, degrees in sizes.items():
        goal[ANGLE[f"{name}_{joint}"]] = degrees
    return np.radians(goal)


def _close(angles: np.ndarray, direction: np.ndarray, primitive: Primitive, finger: int):
    moving = np.ones(len(angles), bool)
    for _ in range(STEPS):
        trial = clip(angles + direction / STEPS)
        free = clearance(pose(standard_hand(), trial), primitive, finger) > 0.0
        # A finger that starts inside the object opens the grasp no further: it moves on and is shown beside it.
        moving &= free
        angles[moving] = trial[moving]
