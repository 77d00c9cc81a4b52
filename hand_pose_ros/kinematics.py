"""The hand as a moving body: the wrist's frame, bone lengths, the normalised pose."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.hand import BONES, INDEX_MCP, LEFT, LITTLE_MCP, MIDDLE_MCP, RIGHT, WRIST

_PARENTS, _CHILDREN = np.array(BONES).T
_SMALLEST_LENGTH = 1e-9
_SMALLEST_SINE = 1e-3  # of the angle between palm axis and knuckle line; below it the palm's normal is noise


def wrist_pose(joints: np.ndarray, handedness: str) -> tuple[np.ndarray, np.ndarray]:
    """Position (3,) and rotation (3, 3) of the wrist's frame in the frame of ``joints`` (21, 3), in their unit.

    Columns of the rotation: x from wrist to middle MCP, z out of the back of the hand, y = z cross x. The same for
    both hands; a left hand is a mirrored right one, so telling back from palm needs ``handedness``, and y points to
    the thumb's side on a right hand, to the little finger's side on a left one. Raises ValueError for joints that span
    no palm: non-finite ones, no distance from wrist to middle MCP, or knuckles in line with it.
    """
    joints = np.asarray(joints, dtype=np.float64)
    forward = joints[MIDDLE_MCP] - joints[WRIST]
    # Index to little knuckle; on a right hand seen from the back with fingers up, this points to the right.
    across = joints[LITTLE_MCP] - joints[INDEX_MCP]
    normal = np.cross(across, forward) if _is_right(handedness) else np.cross(forward, across)
    length, area = np.linalg.norm(forward), np.linalg.norm(normal)
    if not (length > _SMALLEST_LENGTH and area > _SMALLEST_SINE * length * np.linalg.norm(across)):
        raise ValueError("wrist, index, middle and little MCP joints span no palm: the wrist has no orientation")
    x, z = forward / length, normal / area
    return joints[WRIST].copy(), np.stack([x, np.cross(z, x), z], axis=1)


def _is_right(handedness: str) -> bool:
    if handedness not in (LEFT, RIGHT):
        raise ValueError(f"handedness {handedness!r}: give 'left' or 'right'")
    return handedness == RIGHT


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    """Lengths (..., 20) of the bones of ``joints`` (..., 21, 3), in their unit, in the order of ``hand.BONES``."""
    joints = np.asarray(joints)
    return np.linalg.norm(joints[..., _CHILDREN, :] - joints[..., _PARENTS, :], axis=-1)


def normalize(joints: np.ndarray) -> tuple[np.ndarray, float]:
    """``joints`` (21, 3) with the middle MCP at the origin and wrist-to-middle-MCP length 1, and that length before.

    Raises ValueError for non-finite joints and for a wrist that coincides with the middle MCP.
    """
    joints = np.asarray(joints, dtype=np.float64)
    centred = joints - joints[MIDDLE_MCP]
    scale = float(np.linalg.norm(centred[WRIST]))
    if not (np.isfinite(centred).all() and scale > _SMALLEST_LENGTH):
        raise ValueError(f"wrist-to-middle-MCP length {scale}: a hand needs finite joints and a positive one")
    return centred / scale, scale
