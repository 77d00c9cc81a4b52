"""Where on the hand a vertex sits: along its finger, around it, on the palm. Drives creases, nails and masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.rotations import normalized
from hand_pose_ros.training.poses.skeleton import BONE, RestHand, bone_frames, finger_axis, thumb_axis

"""Mask values: 0 none, 1 palm and wrist, 2-16 the phalanges thumb to little finger, base to tip, 17 forearm."""
FOREARM_SEGMENT = 17


@dataclass(frozen=True)
class SurfaceCoordinates:
    """Per vertex, V rows."""

    along: np.ndarray
    """(V,) 0 at the finger's MCP (thumb: CMC), 1, 2 at its joints, 3 at the tip; negative on the palm."""
    around: np.ndarray
    """(V, 2) cosine and sine of the angle about the finger's bone, 0 at the back of the finger."""
    segment: np.ndarray
    """(V,) mask value."""


def dominant_segment(weights: np.ndarray) -> np.ndarray:
    """Mask value (V,) of the bone that holds each vertex most, from skin weights (V, 24), or (V, 25) with the trunk."""
    table = np.full(weights.shape[1], FOREARM_SEGMENT)
    table[: BONE["thumb_1"]] = 1
    for name in ("arm_upper", "arm_lower", "forearm_upper", "forearm_lower"):
        table[BONE[name]] = FOREARM_SEGMENT
    first = BONE["thumb_1"]
    table[first : first + 15] = np.arange(2, 17)
    return table[weights.argmax(axis=1)]


def surface_coordinates(vertices: np.ndarray, weights: np.ndarray, hand: RestHand) -> SurfaceCoordinates:
    """Coordinates of rest ``vertices`` (V, 3) in the hand frame with skin ``weights`` (V, 24 or more)."""
    first = BONE["thumb_1"]
    finger = (weights[:, first : first + 15].reshape(len(weights), 5, 3).sum(axis=2)).argmax(axis=1)
    along, around = np.empty(len(vertices)), np.empty((len(vertices), 2))
    for number in range(5):
        own = finger == number
        chain = hand.joints[0, 1 + 4 * number : 5 + 4 * number]
        axis = thumb_axis(hand.joints)[0] if number == 0 else finger_axis(number - 1)
        along[own], around[own] = _along_chain(vertices[own], chain, axis)
    return SurfaceCoordinates(along, around, dominant_segment(weights))


def _along_chain(points: np.ndarray, chain: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    frames = bone_frames(chain, axis)
    lengths = np.linalg.norm(np.diff(chain, axis=0), axis=1)
    offsets = points[:, None] - chain[None, :3]
    local = np.einsum("vsi,sij->vsj", offsets, frames)
    fraction = local[..., 0] / lengths
    # The nearest bone: distance to each segment of the chain.
    clamped = np.clip(fraction, 0, 1)[..., None] * (lengths[:, None] * frames[:, :, 0])
    nearest = np.linalg.norm(offsets - clamped, axis=-1).argmin(axis=1)
    row = np.arange(len(points))
    upper = np.where(nearest == 2, 1.2, 1.0)
    lower = np.where(nearest == 0, -10.0, 0.0)
    along = nearest + np.clip(fraction[row, nearest], lower, upper)
    side = local[row, nearest]
    return along, normalized(np.stack([side[:, 2], side[:, 1], 0 * side[:, 0]], axis=1))[:, :2]
