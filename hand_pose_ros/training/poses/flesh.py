"""The hand's flesh as 27 tapered capsules that follow its skin, and how deep parts of it lie in each other.

Bones run nearer to the back of a finger than to its pad (4 mm against 14 mm at an index finger's base), so a capsule's
axis lies beside the bone: in the middle of a circle through the skin that ``girth`` holds of this very hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.capsules import segment_distance
from hand_pose_ros.training.poses.girth import ALONG, AROUND
from hand_pose_ros.training.poses.skeleton import BONE, FINGER_NAMES, PosedHand

PHALANX_COUNT = 15
# Where on its bone each phalanx's capsule starts: the bases of fingers and thumb are part of the palm.
STARTS = np.array([0.2, 0, 0] + [0.5, 0, 0] * 4)
# Fingers are flat where they meet, and give way: how much smaller than the circle capsules are, in the unit below,
# so that they overlap about as deep as the meshes do (measured on random poses of 6 random hands).
SLACK = np.array([0.012, 0.008, -0.008] + [0.012, 0.006, -0.006] * 4)
# Lines from the metacarpals' bases to the MCP joints (0 index to 3 little; halves lie between two), and how deep below
# them the palm's skin lies at shares of the way, in wrist-to-middle-MCP lengths: measured on the meshes of 8 random
# hands, which differ by 0.01.
PALM_RADIUS, PALM_SLACK, PALM_SHARES = 0.12, 0.012, (0.1, 0.5, 0.9)
PALM_DEPTHS = (
    (0.0, 0.222, 0.203, 0.182), (0.5, 0.222, 0.188, 0.216), (1.0, 0.222, 0.182, 0.236), (1.5, 0.202, 0.172, 0.224),
    (2.0, 0.203, 0.189, 0.218), (2.5, 0.202, 0.189, 0.199), (3.0, 0.202, 0.182, 0.180),
)  # fmt: skip
# (line, first share): all lines near the fingers; near the wrist, where they run together, every other one, the edge.
PALM = tuple((line, 1) for line in range(7)) + ((1, 0), (3, 0), (5, 0), (6, 0))
PALM_COUNT = len(PALM) + 1
"""The last one is the web between thumb and index finger."""
WEB_WAY = 0.6
# How much deeper the meshes lie in each other than these capsules do, metres, where 4,000 random draws on 80 hands said
# so: thumb 2 on the palm at the middle finger's metacarpal (less deep: it grows together nearby), thumb 1 and the web
# with the index fingertip, the thumb's tip with ring and little finger.
DEEPER_M = {
    (1, PHALANX_COUNT + 2): -0.002, (0, 5): 0.0015, (5, PHALANX_COUNT + len(PALM)): 0.001,
    (2, 9): 0.0005, (2, 10): 0.0005, (2, 12): 0.001, (2, 13): 0.001,
}  # fmt: skip
NAMES = (*(f"{finger} {k}" for finger in ("thumb", *FINGER_NAMES) for k in (1, 2, 3)), *["palm"] * PALM_COUNT)


@dataclass(frozen=True)
class Flesh:
    """Capsules of N hands in the phalanges' frames: fixed while the hand moves."""

    offset: np.ndarray
    """(N, 15, 2, 3) metres from the start of the bone to the capsule's ends, in the frame of the phalanx."""
    radii: np.ndarray
    """(N, 27, 2) metres, phalanges first."""

    @classmethod
    def of(cls, girth: np.ndarray, joints: np.ndarray) -> Flesh:
        """Of hands with the skin ``girth`` (N, 15, 5, 8) and joints (N, 21, 3), posed or at rest."""
        lengths = np.linalg.norm(np.diff(joints[:, 1:].reshape(-1, 5, 4, 3), axis=2), axis=3).reshape(-1, 15)
        middle = girth.mean(axis=3)
        sine, cosine = (girth @ turn * 0.25 for turn in (np.sin(AROUND), np.cos(AROUND)))
        # Polar form of a circle about a centre beside the bone, to the second order of the offset.
        circles = np.stack([middle + (sine**2 + cosine**2) / (4 * middle), sine, cosine], axis=2)
        ends = np.einsum("psk,npck->npsc", _LINES, circles)
        along = np.stack(np.broadcast_arrays(STARTS, np.ones(15)), axis=1) * lengths[..., None]
        along[:, 2::3, 1] -= ends[:, 2::3, 1, 0]  # the tip's skin, not its centre, ends where the finger ends
        scale = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=1)
        ends[..., 0] -= SLACK[:, None] * scale[:, None, None]
        palm = np.broadcast_to(PALM_RADIUS * scale[:, None, None], (len(joints), PALM_COUNT, 2))
        return cls(np.stack([along, ends[..., 1], ends[..., 2]], axis=-1), np.concatenate([ends[..., 0], palm], axis=1))

    def rows(self, numbers: np.ndarray) -> Flesh:
        """Some hands of the batch."""
        return Flesh(self.offset[numbers], self.radii[numbers])

    def ends(self, posed: PosedHand) -> np.ndarray:
        """Ends (N, 27, 2, 3) of the capsules in the hand frame."""
        start = posed.joints[:, 1:].reshape(-1, 5, 4, 3)[:, :, :3].reshape(-1, 15, 1, 3)
        phalanges = start + self.offset @ np.swapaxes(posed.frames, 2, 3)
        palm = _palm(posed)
        beside = palm[:, 0, 0]  # the index finger's metacarpal
        web = np.stack([beside, beside + WEB_WAY * (phalanges[:, 1, 0] - beside)], axis=1)
        return np.concatenate([phalanges, palm, web[:, None]], axis=1)


def _fitted_lines() -> np.ndarray:
    """(15, 2, 5) weights of the five places along a bone in a straight line's value at the capsule's two ends."""
    lines = np.empty((PHALANX_COUNT, 2, len(ALONG)))
    for phalanx, start in enumerate(STARTS):
        tip = phalanx % 3 == 2
        used = (start - 0.15 <= ALONG) & ((0.8 if tip else 1.0) >= ALONG)
        fit = np.linalg.pinv(np.stack([np.ones(used.sum()), ALONG[used]], axis=1))
        lines[phalanx] = 0.0
        lines[phalanx][:, used] = np.array([[1.0, start], [1.0, 0.75 if tip else 1.0]]) @ fit
    return lines


_LINES = _fitted_lines()


def _palm(posed: PosedHand) -> np.ndarray:
    """(N, 11, 2, 3)"""
    first = BONE["metacarpal_index"]
    bases, heads = posed.heads[:, first : first + 4], posed.joints[:, 5::4]
    scale = np.linalg.norm(posed.joints[:, 9] - posed.joints[:, 0], axis=1)
    ends = _ON_BASES @ bases[:, None] + _ON_HEADS @ heads[:, None]
    ends[..., 2] -= scale[:, None, None] * _BELOW
    return ends


def _palm_weights() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares (11, 2, 4) of the metacarpals' bases and of their heads in the palm's capsules, and depths (11, 2)."""
    bases, heads, below = np.zeros((len(PALM), 2, 4)), np.zeros((len(PALM), 2, 4)), np.empty((len(PALM), 2))
    for number, (line, first) in enumerate(PALM):
        where = PALM_DEPTHS[line][0]
        for end in (0, 1):
            share = PALM_SHARES[first + end]
            for metacarpal in (int(where), int(np.ceil(where))):
                heads[number, end, metacarpal] += 0.5 * share
                bases[number, end, metacarpal] += 0.5 * (1 - share)
            below[number, end] = PALM_DEPTHS[line][1 + first + end] - PALM_SLACK - PALM_RADIUS
    return bases, heads, below


_ON_BASES, _ON_HEADS, _BELOW = _palm_weights()


def _pairs() -> np.ndarray:
    """Capsules that may overlap only as flesh gives way: of different fingers, and the palm with phalanges that can
    reach it. What grows together is left out: the thumb's base with the palm's near half and the fingers' bases."""
    pairs = []
    for i in range(PHALANX_COUNT):
        others = [j for j in range(i + 1, PHALANX_COUNT) if _meet(i, j)]
        pairs += [(i, j) for j in others if not (i == 0 and j % 3 == 0)]
        if i == 1:
            far = [number for number, (line, _) in enumerate(PALM) if line >= 3]
            pairs += [(i, PHALANX_COUNT + number) for number in (2, *far)]
        elif i % 3 > 0:
            pairs += [(i, PHALANX_COUNT + number) for number in range(PALM_COUNT) if _reaches(i, number)]
    return np.array(pairs)


def _meet(i: int, j: int) -> bool:
    """Whether bones of two fingers ever come near: no draw brings index and little finger within 9 mm."""
    return i // 3 != j // 3 and (i // 3, j // 3) != (1, 4)


def _reaches(i: int, number: int) -> bool:
    """Whether a bone comes near a capsule of the palm: no finger's does over more than two metacarpals (2 mm left)."""
    line = PALM[number][0] if number < len(PALM) else 0
    return i < 3 or abs(line - 2 * (i // 3 - 1)) <= 4


PAIRS = _pairs()
_DEEPER = np.array([DEEPER_M.get(pair, 0.0) for pair in map(tuple, PAIRS.tolist())], np.float32)


def capsule_depths(flesh: Flesh, posed: PosedHand):
    """Depth (N, P) in metres by which the capsules of ``PAIRS`` lie in each other, negative where they do not, the
    capsules' ends (N, 27, 2, 3), and how far (N, P), 0 to 1, along the first and the second the nearest points lie."""
    ends, (i, j) = flesh.ends(posed), PAIRS.T
    # Coordinates outermost in memory, and single precision: three times as fast.
    outside = np.ascontiguousarray(ends.transpose(2, 3, 0, 1), np.float32)
    a, b = (np.take(outside, numbers, axis=3).transpose(2, 3, 0, 1) for numbers in (i, j))
    distance, s, t = segment_distance(a, b)
    start, gain = flesh.radii[..., 0].astype(np.float32), np.diff(flesh.radii)[..., 0].astype(np.float32)
    reach = start[:, i] + s * gain[:, i] + start[:, j] + t * gain[:, j]
    return reach - distance + _DEEPER, ends, s, t


def deepest(posed: PosedHand) -> np.ndarray:
    """Depth (N,) in metres of each hand's deepest overlap, 0 without one."""
    return np.maximum(capsule_depths(Flesh.of(posed.girth, posed.joints), posed)[0].max(axis=1), 0.0)
