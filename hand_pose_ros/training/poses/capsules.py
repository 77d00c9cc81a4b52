"""The hand as capsules: interpenetration, and soft shadows between fingers."""

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
    aa, ee, ff = (d1 * d1).sum(-1), (d2 * d2).sum(-1), (d2 * r).sum(-1)
    bb, cc = (d1 * d2).sum(-1), (d1 * r).sum(-1)
    denominator = np.maximum(aa * ee - bb * bb, 1e-12)
    s = np.clip((bb * ff - cc * ee) / denominator, 0, 1)
    t = np.clip((bb * s + ff) / np.maximum(ee, 1e-12), 0, 1)
    s = np.clip((bb * t - cc) / np.maximum(aa, 1e-12), 0, 1)
    gap = a[..., 0, :] + s[..., None] * d1 - b[..., 0, :] - t[..., None] * d2
    return np.linalg.norm(gap, axis=-1), s, t


def _checked_pairs() -> np.ndarray:
    """Pairs of capsules that may not overlap: of different fingers, and distal phalanges against the palm."""
    pairs = []
    for i in range(len(PHALANGES)):
        for j in range(i + 1, len(PHALANGES)):
            both_base = i % 3 == 0 and j % 3 == 0
            thumb_base = i == 0
            if i // 3 != j // 3 and not both_base and not thumb_base:
                pairs.append((i, j))
        if i % 3 == 2 or (i % 3 == 1 and i > 3):
            pairs += [(i, j) for j in range(len(PHALANGES), len(CAPSULES) - 1)]
    return np.array(pairs)


PAIRS = _checked_pairs()


BETWEEN_FINGERS = PAIRS[(len(PHALANGES) > PAIRS).all(axis=1)]


def penetration(posed: PosedHand, palm: bool = True) -> np.ndarray:
    """Depth (N, P) in metres by which the capsule pairs of ``PAIRS`` overlap, 0 where they do not.

    Without ``palm`` only pairs of different fingers are looked at (``BETWEEN_FINGERS``).
    """
    return overlap(posed, PAIRS if palm else BETWEEN_FINGERS)


def overlap(posed: PosedHand, pairs: np.ndarray) -> np.ndarray:
    """Depth (N, P) in metres by which capsules overlap whose numbers are ``pairs`` (P, 2), 0 where they do not."""
    ends, radii = capsule_ends(posed), capsule_radii(posed)
    distance, s, t = segment_distance(ends[:, pairs[:, 0]], ends[:, pairs[:, 1]])
    first, second = radii[:, pairs[:, 0]], radii[:, pairs[:, 1]]
    reach = first[..., 0] + s * (first[..., 1] - first[..., 0]) + second[..., 0] + t * (second[..., 1] - second[..., 0])
    return np.maximum(reach - distance, 0.0)
