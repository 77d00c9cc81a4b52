"""Named hand poses in degrees, and the contacts that some of them keep (thumb on fingers, fingertip on fingertip).

A finger is (spread, MCP, PIP, DIP), the thumb (abduction, opposition, twist, MCP, side, IP); see ``skeleton``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.contact import PALMAR, THUMB_SIDE, Contact, Place
from hand_pose_ros.training.poses.leverage import FINGER_ANGLES
from hand_pose_ros.training.poses.skeleton import ANGLE, FINGER_NAMES
from hand_pose_ros.training.poses.starts import STARTS

STRAIGHT, CURLED, HOOKED = (0, 2, 4, 3), (0, 82, 98, 62), (0, 5, 95, 60)
FAN = {"index": 11, "middle": 1, "ring": -9, "little": -20}
CLOSED = {"index": 1, "middle": -2, "ring": -5, "little": -8}
THUMB_OUT, THUMB_ALONG, THUMB_FOLDED = (0, -14, 0, 0, 0, 0), (-26, -8, 0, 5, 0, 5), (-16, 48, 15, 35, 0, 45)
THUMB_RELAXED, THUMB_UP, THUMB_OPPOSED = (-12, 10, 5, 12, 0, 15), (6, -24, 0, 0, 0, -12), (-12, 50, 25, 15, 0, 20)


@dataclass(frozen=True)
class NamedPose:
    """A pose to start from (28 angles, radians), contacts to solve, and the angles that may change for them."""

    name: str
    angles: np.ndarray
    contacts: tuple[Contact, ...] = ()
    moves: tuple[str, ...] = ()
    """Which fingers move to make contact: ``thumb`` and names of fingers."""
    written: np.ndarray | None = None
    """(28,) the angles as this file has them, before ``starts``."""


def hand(thumb=THUMB_RELAXED, base=STRAIGHT, fan=CLOSED, **fingers) -> np.ndarray:
    """Angles (28,) in radians from tuples in degrees; ``fingers`` override ``base``, spreads come from ``fan``."""
    angles = np.zeros(len(ANGLE))
    for key, value in zip(("abduction", "opposition", "twist", "mcp", "mcp_side", "ip"), thumb, strict=True):
        angles[ANGLE[f"thumb_{key}"]] = value
    for name in FINGER_NAMES:
        spread, mcp, pip, dip = fingers.get(name, base)
        curl = min(1.0, (max(mcp, 0) + pip) / 160.0)
        values = (spread + (1 - 0.6 * curl) * fan[name], mcp, pip, dip)
        for key, value in zip(("spread", "mcp", "pip", "dip"), values, strict=True):
            angles[ANGLE[f"{name}_{key}"]] = value
        if f"{name}_arch" in ANGLE:
            angles[ANGLE[f"{name}_arch"]] = {"ring": 6, "little": 12}[name] * curl
    return np.radians(angles)


def pinch(finger: str, along: float = 0.6) -> Contact:
    """Pad of the thumb on the pad of ``finger``; ``along`` 1 is the very tip."""
    return Contact(Place("thumb", 2, along, PALMAR), Place(finger, 2, along, PALMAR))


def thumb_over(finger: str, segment: int = 1, along: float = 0.5, around: float = 0.0) -> Contact:
    """Pad of the thumb on the outside (back) of a curled finger's bone."""
    return Contact(Place("thumb", 2, 0.55, PALMAR), Place(finger, segment, along, around))


def _posed(name: str, angles: np.ndarray, *contacts: Contact, moves: tuple[str, ...] = ("thumb",)) -> NamedPose:
    start = angles.copy()
    if name in STARTS:
        start[list(FINGER_ANGLES)] = np.radians(STARTS[name])
    return NamedPose(name, start, contacts, moves if contacts else (), angles)


def _pinch_poses() -> list[NamedPose]:
    poses = []
    ready = (0, 48, 42, 22)
    for finger in FINGER_NAMES:
        both = ("thumb", finger)
        rest = {"index": (0, 15, 20, 10), "middle": (0, 20, 25, 12), "ring": (0, 25, 30, 15), "little": (0, 25, 30, 15)}
        rest[finger] = ready
        poses.append(_posed(f"pinch_{finger}", hand(THUMB_OPPOSED, **rest), pinch(finger), moves=both))
        straight = {finger: ready}
        poses.append(_posed(f"ok_{finger}", hand(THUMB_OPPOSED, fan=FAN, **straight), pinch(finger, 0.85), moves=both))
        curled = hand(THUMB_OPPOSED, CURLED, **{finger: ready})
        poses.append(_posed(f"pinch_{finger}_closed", curled, pinch(finger, 0.7), moves=both))
    tripod = (pinch("index", 0.7), Contact(Place("thumb", 2, 0.8, 0.7 * PALMAR), Place("middle", 2, 0.7, PALMAR)))
    angles = hand(THUMB_OPPOSED, index=ready, middle=ready, ring=(0, 45, 60, 35), little=(0, 45, 60, 35))
    poses.append(_posed("tripod", angles, *tripod, moves=("thumb", "index", "middle")))
    bunch = hand(THUMB_OPPOSED, (0, 60, 38, 18))
    poses.append(_posed("all_tips", bunch, *tripod, moves=("thumb", "index", "middle", "ring", "little")))
    return poses


def _fist_poses() -> list[NamedPose]:
    beside = Contact(Place("thumb", 2, 0.55, PALMAR), Place("index", 1, 0.3, THUMB_SIDE))
    return [
        _posed("fist", hand(THUMB_FOLDED, CURLED), thumb_over("middle", 1, 0.4)),
        _posed("fist_thumb_on_index", hand(THUMB_FOLDED, CURLED), thumb_over("index", 1, 0.6)),
        _posed("fist_thumb_beside", hand((-28, 4, 5, 5, 0, 5), CURLED), beside),
        _posed("thumb_up", hand(THUMB_UP, CURLED)),
        _posed("loose_fist", hand((-20, 32, 10, 25, 0, 30), (0, 58, 75, 45))),
        _posed("key_grip", hand((-24, 14, 10, 20, 0, 25), (0, 60, 70, 40)), beside),
        _posed("hooks", hand(THUMB_ALONG, HOOKED)),
    ]


def _pointing_poses() -> list[NamedPose]:
    bent = CURLED
    held = thumb_over("middle", 1, 0.5)
    on_ring = thumb_over("ring", 1, 0.5)
    return [
        _posed("point", hand(THUMB_FOLDED, bent, index=STRAIGHT), held),
        _posed("gun", hand(THUMB_OUT, bent, index=STRAIGHT)),
        _posed("victory", hand(THUMB_FOLDED, bent, FAN, index=(4, 2, 3, 2), middle=(-9, 2, 3, 2)), on_ring),
        _posed("two_closed", hand(THUMB_FOLDED, bent, index=STRAIGHT, middle=STRAIGHT), on_ring),
        _posed("three", hand(THUMB_OUT, bent, FAN, index=STRAIGHT, middle=STRAIGHT)),
        _posed("three_fingers", hand(THUMB_FOLDED, STRAIGHT, FAN, little=(0, 70, 85, 50)), thumb_over("little")),
        _posed("four", hand((-20, 64, 30, 35, 0, 45), STRAIGHT, FAN)),
        _posed("horns", hand(THUMB_FOLDED, bent, FAN, index=STRAIGHT, little=STRAIGHT), held),
        _posed("shaka", hand(THUMB_OUT, bent, FAN, little=STRAIGHT)),
        _posed("little_up", hand(THUMB_FOLDED, bent, little=STRAIGHT), held),
        _posed("i_love_you", hand(THUMB_OUT, bent, FAN, index=STRAIGHT, little=STRAIGHT)),
        _posed("hooked_index", hand(THUMB_FOLDED, bent, index=(0, 12, 85, 50)), held),
        _posed("middle_points", hand(THUMB_FOLDED, bent, middle=(0, 15, 5, 3)), thumb_over("index")),
    ]


def _open_poses() -> list[NamedPose]:
    return [
        _posed("open", hand(THUMB_OUT, STRAIGHT, FAN)),
        _posed("spread", hand((8, -26, 0, -5, 0, -12), (0, -8, 2, 0), {k: 1.5 * v for k, v in FAN.items()})),
        _posed("flat", hand(THUMB_ALONG, (0, 0, 2, 2))),
        _posed("flat_thumb_out", hand(THUMB_OUT, (0, 0, 2, 2))),
        _posed("thumb_across", hand((-22, 62, 25, 35, 0, 40), STRAIGHT)),
        _posed("relaxed", hand(THUMB_RELAXED, index=(0, 18, 28, 14), middle=(0, 25, 34, 18), ring=(0, 30, 38, 20),
                               little=(0, 30, 38, 20))),
        _posed("hanging", hand(THUMB_RELAXED, index=(0, 30, 40, 22), middle=(0, 38, 46, 28), ring=(0, 44, 50, 28),
                               little=(0, 46, 50, 30))),
        _posed("claw", hand((-2, 10, 5, 10, 0, 25), (0, 10, 58, 38), FAN)),
        _posed("tabletop", hand(THUMB_RELAXED, (0, 80, 6, 4))),
        _posed("grip_c", hand((-4, 40, 15, 10, 0, 20), (0, 42, 38, 22))),
        _posed("bird_beak", hand((-12, 50, 20, 10, 0, 10), (0, 68, 12, 8))),
        _posed("typing", hand(THUMB_RELAXED, (0, 28, 42, 28), FAN)),
    ]  # fmt: skip


def _letter_poses() -> list[NamedPose]:
    """Static letters of the American manual alphabet that no pose above shows: the others are fist_thumb_beside (A),
    thumb_across (B), grip_c (C), ok_index (F), two_closed (H, U), little_up (I), gun (L), fist (S), victory (V),
    three_fingers (W), hooked_index (X), shaka (Y). P is K and Q is G with the hand pointing down; J and Z move."""
    bent, under = CURLED, (-18, 66, 25, 38, 0, 40)
    tucked, round_ = (0, 78, 62, 32), (0, 50, 58, 25)
    ring = (pinch("middle", 0.85), Contact(Place("thumb", 2, 0.85, 0.85 * PALMAR), Place("index", 2, 0.85, PALMAR)))

    def on_thumb(finger: str, segment: int, along: float, thumb_along: float = 0.6) -> Contact:
        return Contact(Place("thumb", 2, thumb_along, 0.0), Place(finger, segment, along, PALMAR))

    between = Contact(Place("thumb", 2, 0.7, PALMAR), Place("middle", 0, 0.75, THUMB_SIDE))
    return [
        _posed("letter_d", hand(THUMB_OPPOSED, (0, 50, 58, 32), index=STRAIGHT), pinch("middle", 0.85),
               moves=("thumb", "middle")),
        _posed("letter_e", hand(under, (0, 35, 100, 62)), on_thumb("middle", 2, 0.85)),
        _posed("letter_g", hand((-20, 14, 5, 5, 0, 5), bent, index=(0, 22, 8, 5))),
        _posed("letter_k", hand((-14, 28, 15, 10, 0, 10), bent, index=(6, 3, 3, 2), middle=(-6, 42, 8, 5)), between),
        _posed("letter_m", hand(under, tucked), on_thumb("ring", 1, 0.4)),
        _posed("letter_n", hand((-18, 54, 20, 32, 0, 30), tucked, ring=bent, little=bent), on_thumb("middle", 1, 0.4)),
        _posed("letter_o", hand((0, 55, 20, 10, 0, 0), round_), *ring, moves=("thumb", "index", "middle")),
        _posed("letter_r", hand(THUMB_FOLDED, bent, index=(-13, 0, 4, 3), middle=(14, 26, 10, 6)),
               thumb_over("ring", 1, 0.5)),
        _posed("letter_t", hand((-16, 40, 15, 25, 0, 15), bent, index=(0, 75, 70, 35)),
               on_thumb("index", 1, 0.5, 0.35)),
    ]  # fmt: skip


POSES: dict[str, NamedPose] = {
    pose.name: pose for pose in (*_open_poses(), *_fist_poses(), *_pointing_poses(), *_pinch_poses())
}
LETTERS: dict[str, NamedPose] = {pose.name: pose for pose in _letter_poses()}
# Letters come last: which poses are held back depends on their number.
ALL_POSES = POSES | LETTERS
