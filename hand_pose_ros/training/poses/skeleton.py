"""The hand's skeleton: 28 joint angles to 21 joints, for a whole batch of hands at once, in numpy alone.

Hand frame (rest and posed): origin at the wrist, x from the wrist to the middle MCP, z out of the back of the hand,
y completes the right-handed frame (towards the thumb of a right hand). Everything here is a RIGHT hand; a left hand is
its mirror image (y -> -y). Metres and radians.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from hand_pose_ros.training.poses.girth import plain_girth
from hand_pose_ros.training.poses.rotations import about, about_vector, cross, normalized

FINGER_NAMES = ("index", "middle", "ring", "little")
ANGLE_NAMES = (
    "elbow_flexion", "forearm_twist", "wrist_flexion", "wrist_deviation", "ring_arch", "little_arch",
    "thumb_abduction", "thumb_opposition", "thumb_twist", "thumb_mcp", "thumb_mcp_side", "thumb_ip",
    *(f"{finger}_{angle}" for finger in FINGER_NAMES for angle in ("spread", "mcp", "pip", "dip")),
)  # fmt: skip
ANGLE = {name: number for number, name in enumerate(ANGLE_NAMES)}
"""Positive: flexion towards the palm; deviation and spread towards the thumb; thumb abduction away from the index."""

BONE_NAMES = (
    "arm_upper", "arm_lower", "forearm_upper", "forearm_lower", "carpus",
    "metacarpal_index", "metacarpal_middle", "metacarpal_ring", "metacarpal_little",
    *(f"{f}_{i}" for f in ("thumb", *FINGER_NAMES) for i in (1, 2, 3)),
)  # fmt: skip
BONE = {name: number for number, name in enumerate(BONE_NAMES)}

# How far the back of each finger leans from the hand's z axis towards the thumb, radians: fingers that flex together
# converge on the scaphoid, so the little finger leans the other way.
FINGER_LEAN = np.radians((6.0, 0.0, -7.0, -15.0))


@dataclass(frozen=True)
class RestHand:
    """Joint positions of N hands at rest (or of one, N = 1), hand frame, metres."""

    joints: np.ndarray
    """(N, 21, 3)"""
    metacarpals: np.ndarray
    """(N, 4, 3) bases of the metacarpals of index to little finger."""
    elbow: np.ndarray
    """(N, 3)"""
    shoulder: np.ndarray
    """(N, 3)"""
    girth: np.ndarray = None
    """(N, 15, 5, 8) metres, see ``girth``; fingers of average thickness when not given."""

    def __post_init__(self):
        if self.girth is None:
            object.__setattr__(self, "girth", plain_girth(self.joints))

    @classmethod
    def stacked(cls, hands: list[RestHand]) -> RestHand:
        """Several hands as one batch."""
        return cls(*(np.concatenate([getattr(hand, item.name) for hand in hands]) for item in fields(cls)))

    def rows(self, numbers: np.ndarray) -> RestHand:
        """Some hands of the batch."""
        return RestHand(*(getattr(self, item.name)[numbers] for item in fields(self)))

    def row(self, number: int) -> RestHand:
        """One hand of the batch (N = 1)."""
        return RestHand(*(getattr(self, item.name)[number : number + 1] for item in fields(self)))


@dataclass(frozen=True)
class PosedHand:
    """Result of ``pose``: joints (N, 21, 3) in metres, hand frame, and for each bone b of ``BONE_NAMES``
    the motion of the flesh around it, x -> rotations[b] @ (x - rest_heads[b]) + heads[b]."""

    joints: np.ndarray
    rotations: np.ndarray
    """(N, 24, 3, 3)"""
    rest_heads: np.ndarray
    heads: np.ndarray
    """(N, 24, 3)"""
    frames: np.ndarray
    """(N, 15, 3, 3) phalanges thumb to little finger: columns x along the bone, y flexion axis, z dorsal."""
    girth: np.ndarray
    """(N, 15, 5, 8) that of the rest hand."""

    @classmethod
    def stacked(cls, hands: list[PosedHand]) -> PosedHand:
        """Several hands as one batch."""
        return cls(*(np.concatenate([getattr(hand, item.name) for hand in hands]) for item in fields(cls)))

    def row(self, number: int) -> PosedHand:
        """One hand of the batch (N = 1)."""
        return PosedHand(*(getattr(self, item.name)[number : number + 1] for item in fields(self)))


def bone_frames(joints: np.ndarray, flexion_axes: np.ndarray) -> np.ndarray:
    """Frames (..., 3, 3) of a chain (..., 4, 3) -> three bones: columns x along the bone, y flexion axis, z dorsal."""
    x = normalized(np.diff(joints, axis=-2))
    z = normalized(cross(x, flexion_axes[..., None, :]))
    return np.stack([x, cross(z, x), z], axis=-1)


def finger_axis(finger: int) -> np.ndarray:
    """Flexion axis (3,) of finger 0 (index) to 3 (little) in the hand frame."""
    lean = FINGER_LEAN[finger]
    return np.array([0.0, np.cos(lean), -np.sin(lean)])


def thumb_axis(joints: np.ndarray) -> np.ndarray:
    """Flexion axis (..., 3) of the thumb's MCP and IP joints at rest, from its own bend and the palm."""
    cmc, mcp, ip, tip = (joints[..., k, :] for k in (1, 2, 3, 4))
    return normalized(cross(normalized(mcp - cmc), normalized(tip - ip)) + THUMB_AXIS_GUESS * 0.1)


# The rest thumb's flexion axis when it is straight, hand frame (a right thumb's nail looks up and towards its side).
THUMB_AXIS_GUESS = np.array([0.25, 0.55, -0.80])


def pose(rest: RestHand, angles: np.ndarray) -> PosedHand:
    """Forward kinematics of ``angles`` (N, 28) radians, see ``ANGLE_NAMES``; fingers' angles are absolute, 0 straight,
    the thumb's CMC angles are offsets from the rest pose of the mesh, its MCP and IP angles are absolute."""
    angles = np.atleast_2d(np.asarray(angles, float))
    count = max(len(angles), len(rest.joints))
    angles = np.broadcast_to(angles, (count, angles.shape[1]))
    joints = np.broadcast_to(rest.joints, (count, 21, 3))
    posed = np.array(joints)
    rotations = np.broadcast_to(np.eye(3), (count, len(BONE_NAMES), 3, 3)).copy()
    rest_heads, heads = np.zeros((count, len(BONE_NAMES), 3)), np.zeros((count, len(BONE_NAMES), 3))
    girth = np.broadcast_to(rest.girth, (count, *rest.girth.shape[1:]))
    hand = PosedHand(posed, rotations, rest_heads, heads, np.zeros((count, 15, 3, 3)), girth)
    _pose_arm(rest, angles, hand)
    _pose_fingers(rest, joints, angles, hand)
    _pose_thumb(joints, angles, hand)
    return hand


def _pose_arm(rest: RestHand, angles: np.ndarray, hand: PosedHand):
    """The hand is the root, so the wrist's angles turn the forearm the other way about the wrist, and so on upwards."""
    turn = about("y", -angles[:, ANGLE["wrist_flexion"]]) @ about("z", -angles[:, ANGLE["wrist_deviation"]])
    upper = normalized(rest.shoulder - rest.elbow)
    lower = normalized(-rest.elbow)
    twist = angles[:, ANGLE["forearm_twist"]]
    half, full = (turn @ about_vector(lower, share * twist) for share in (0.5, 1.0))
    axis = normalized(cross(upper, lower))
    bend = angles[:, ANGLE["elbow_flexion"]] - np.pi + np.arccos(np.clip((upper * lower).sum(axis=-1), -1, 1))
    elbow = np.einsum("nij,nj->ni", full, np.broadcast_to(rest.elbow, (len(full), 3)))
    hand.rotations[:, BONE["forearm_lower"]] = half
    hand.rotations[:, BONE["forearm_upper"]] = full
    for name in ("arm_upper", "arm_lower"):
        hand.rest_heads[:, BONE[name]], hand.heads[:, BONE[name]] = rest.elbow, elbow
        hand.rotations[:, BONE[name]] = full @ about_vector(axis, bend)


_FINGER_COLUMNS = np.array([[ANGLE[f"{f}_{a}"] for f in FINGER_NAMES] for a in ("spread", "mcp", "pip", "dip")])
_FINGER_AXES = np.stack([np.zeros(4), np.cos(FINGER_LEAN), -np.sin(FINGER_LEAN)], axis=1)
_LEANING_FRAMES = np.stack(
    [np.broadcast_to([1.0, 0.0, 0.0], (4, 3)), _FINGER_AXES, cross(np.array([1.0, 0.0, 0.0]), _FINGER_AXES)], axis=-1
)


def _pose_fingers(rest: RestHand, joints: np.ndarray, angles: np.ndarray, hand: PosedHand):
    """The four fingers at once, the second axis of every array."""
    chains = joints[:, 5:].reshape(len(joints), 4, 4, 3)
    base = np.broadcast_to(rest.metacarpals, chains[:, :, 0].shape)
    arch = np.zeros((len(angles), 4))
    arch[:, 2], arch[:, 3] = angles[:, ANGLE["ring_arch"]], angles[:, ANGLE["little_arch"]]
    turn, metacarpals = about("y", arch), slice(BONE["metacarpal_index"], BONE["metacarpal_little"] + 1)
    hand.rest_heads[:, metacarpals] = hand.heads[:, metacarpals] = base
    hand.rotations[:, metacarpals] = turn
    spread, mcp, pip, dip = (angles[:, columns] for columns in _FINGER_COLUMNS)
    first = turn @ _LEANING_FRAMES @ about("z", spread) @ about("y", mcp)
    frames = [first, first @ about("y", pip), first @ about("y", pip + dip)]
    rest_frames = bone_frames(chains, np.broadcast_to(_FINGER_AXES, base.shape))
    position = base + (turn @ (chains[:, :, 0] - base)[..., None])[..., 0]
    _pose_chains(1, chains, rest_frames, frames, position, hand)


def _pose_thumb(joints: np.ndarray, angles: np.ndarray, hand: PosedHand):
    chain = joints[:, 1:5]
    rest_frames = bone_frames(chain, thumb_axis(joints))
    abduction, opposition, twist, mcp, side, ip = (
        angles[:, ANGLE[f"thumb_{a}"]] for a in ("abduction", "opposition", "twist", "mcp", "mcp_side", "ip")
    )
    # Abduction moves the metacarpal away from the index finger in the palm's plane, opposition then swings it about the
    # hand's long axis across the palm.
    metacarpal = about("x", -opposition) @ about("z", abduction) @ rest_frames[:, 0] @ about("x", twist)
    proximal = metacarpal @ about("z", side) @ about("y", mcp)
    frames = [frame[:, None] for frame in (metacarpal, proximal, proximal @ about("y", ip))]
    _pose_chains(0, chain[:, None], rest_frames[:, None], frames, chain[:, None, 0], hand)


def _pose_chains(first: int, chains, rest_frames, frames, position, hand: PosedHand):
    """Walk the three bones of F chains (N, F, 4, 3) of the fingers from number ``first`` (0 the thumb) from
    ``position`` (N, F, 3), each turned from its rest frame into ``frames``."""
    last = first + chains.shape[1]
    for segment, frame in enumerate(frames):
        turn = frame @ np.swapaxes(rest_frames[:, :, segment], -1, -2)
        bones = slice(BONE["thumb_1"] + 3 * first + segment, BONE["thumb_1"] + 3 * last, 3)
        hand.rest_heads[:, bones], hand.heads[:, bones] = chains[:, :, segment], position
        hand.rotations[:, bones] = turn
        hand.frames[:, 3 * first + segment : 3 * last : 3] = frame
        hand.joints[:, 1 + 4 * first + segment : 1 + 4 * last : 4] = position
        way = chains[:, :, segment + 1] - chains[:, :, segment]
        position = position + (turn @ way[..., None])[..., 0]
    hand.joints[:, 4 + 4 * first : 1 + 4 * last : 4] = position
