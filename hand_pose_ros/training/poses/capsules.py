"""The hand as capsules about its bones: for soft shadows between fingers, and for grasps."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.girth import PHALANX_RADII, thickness
from hand_pose_ros.training.poses.skeleton import BONE, PosedHand

FIRST_METACARPAL = BONE["metacarpal_index"]

# (from, to, radius at from, radius at to): keypoint numbers 0-20, 21-24 bases of the metacarpals; radii as fractions
# of the wrist-to-middle-MCP length, measured on the MakeHuman mesh.
PHALANGES = tuple(
    (1 + number + number // 3, 2 + number + number // 3, *radii) for number, radii in enumerate(PHALANX_RADII.tolist())
)
PALM = ((21, 5, 0.16, 0.12), (22, 9, 0.16, 0.12), (23, 13, 0.15, 0.12), (24, 17, 0.15, 0.11), (0, 22, 0.22, 0.17))
CAPSULES = PHALANGES + PALM
RADII = np.array([c[2:] for c in CAPSULES])


def capsule_ends(posed: PosedHand) -> np.ndarray:
    """Ends (N, 20, 2, 3) of the capsules of posed hands, hand frame."""
    points = np.concatenate([posed.joints, posed.heads[:, FIRST_METACARPAL : FIRST_METACARPAL + 4]], axis=1)
    return points[:, [c[:2] for c in CAPSULES]]


def capsule_radii(posed: PosedHand) -> np.ndarray:
    """Radii (N, 20, 2) in metres; thicker fingers have thicker capsules."""
    scale = np.linalg.norm(posed.joints[:, 9] - posed.joints[:, 0], axis=1)
    radii = RADII * scale[:, None, None]
    radii[:, : len(PHALANGES)] *= thickness(posed.girth, posed.joints)[..., None]
    return radii


def segment_distance(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance between segments a, b (..., 2, 3) and where (0..1) it is reached on each.

    Ericson, Real-Time Collision Detection, 5.1.9, in its clamped form.
    """
    d1, d2, r = a[..., 1, :] - a[..., 0, :], b[..., 1, :] - b[..., 0, :], a[..., 0, :] - b[..., 0, :]
    aa, ee, ff, bb, cc = _dot(d1, d1), _dot(d2, d2), _dot(d2, r), _dot(d1, d2), _dot(d1, r)
    denominator = np.maximum(aa * ee - bb * bb, 1e-12)
    s = np.clip((bb * ff - cc * ee) / denominator, 0, 1)
    t = np.clip((bb * s + ff) / np.maximum(ee, 1e-12), 0, 1)
    s = np.clip((bb * t - cc) / np.maximum(aa, 1e-12), 0, 1)
    gap = r + s[..., None] * d1 - t[..., None] * d2
    return np.sqrt(_dot(gap, gap)), s, t


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # Written out: numpy's sum over an axis of three is slow.
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
