"""A hand of the mean lengths of ``skeleton_fit``, bent and turned: for tests, benchmarks and drawings."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.hand import BONES, MIDDLE_MCP
from hand_pose_ros.skeleton_fit import LENGTHS, PAIRS


def mean_hand(curl=0.3, tilt=0.0, roll=0.0, stretch=1.0) -> np.ndarray:
    """A right hand (21, 3) in hand scales: middle MCP at the origin, palm towards -z, fingers up (-y), thumb at +x.

    ``curl`` bends every joint of a finger by so many radians towards the palm, one number or five; ``tilt`` then turns
    the hand about x, ``roll`` about z. ``stretch`` multiplies the lengths of ``skeleton_fit.PAIRS``, one number or all.
    """
    length = dict(zip(PAIRS, LENGTHS * stretch, strict=True))
    joints = np.zeros((21, 3))
    for finger, (angle, bend) in enumerate(zip(_metacarpals(length), np.broadcast_to(curl, 5), strict=True)):
        flat = np.array([np.sin(angle), -np.cos(angle), 0.0])
        for bone, (parent, child) in enumerate(BONES[4 * finger : 4 * finger + 4]):
            bent = flat * np.cos(bone * bend) - np.array([0.0, 0.0, np.sin(bone * bend)])
            joints[child] = joints[parent] + bent * length[parent, child]
    return (joints - joints[MIDDLE_MCP]) @ _about(0, tilt).T @ _about(2, roll).T


def _metacarpals(length) -> list[float]:
    """Directions of the five metacarpals in the palm's plane, from the distances between neighbours."""

    def between(first, second):
        a, b = length[0, first], length[0, second]
        return np.arccos(np.clip((a * a + b * b - length[first, second] ** 2) / (2.0 * a * b), -1.0, 1.0))

    index, ring = between(5, 9), -between(9, 13)
    return [index + between(1, 5), index, 0.0, ring, ring - between(13, 17)]


def _about(axis: int, angle: float) -> np.ndarray:
    """Rotation (3, 3) about a coordinate axis."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[j, i] = np.sin(angle)
    matrix[i, j] = -matrix[j, i]
    return matrix
