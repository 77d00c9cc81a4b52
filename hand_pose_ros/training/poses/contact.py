"""Contacts between two places of one hand's skin, for a batch of hands at once; ``settling`` closes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from hand_pose_ros.training.poses.girth import radius_at
from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES, FINGER_NAMES, PosedHand

PALMAR, THUMB_SIDE = np.pi, 0.5 * np.pi
_FINGERS = ("thumb", *FINGER_NAMES)
# Pads bulge beyond the mean radius of their surroundings.
BULGE_M = 0.0012


@dataclass(frozen=True)
class Place:
    """A point of the skin: on bone ``segment`` (0-2) of a finger, ``along`` it (0 to 1), ``around`` from its back."""

    finger: str
    segment: int
    along: float
    around: float


@dataclass(frozen=True)
class Contact:
    """Two places that touch."""

    first: Place
    second: Place


@dataclass(frozen=True)
class Contacts:
    """Up to K contacts of each of N hands; those a hand lacks have ``strength`` 0."""

    phalanx: np.ndarray
    """(N, K, 2) number 0-14 of both places' bones."""
    along: np.ndarray
    around: np.ndarray
    strength: np.ndarray
    """(N, K) 1 or 0."""
    free: np.ndarray
    """(N, 28) 1 for angles that may change, 0 for the others."""

    @classmethod
    def of(cls, hands: Sequence[tuple[Sequence[Contact], Sequence[str]]]) -> Contacts:
        """From each hand's contacts and the fingers that may move for them."""
        most = max((len(contacts) for contacts, _ in hands), default=0)
        places, strength = np.zeros((len(hands), most, 2, 3)), np.zeros((len(hands), most))
        for row, (contacts, _) in enumerate(hands):
            for k, contact in enumerate(contacts):
                places[row, k] = [_numbers(contact.first), _numbers(contact.second)]
                strength[row, k] = 1.0
        free = np.array([movable(moves) for _, moves in hands])
        return cls(places[..., 0].astype(int), places[..., 1], places[..., 2], strength, free)

    def rows(self, numbers: np.ndarray) -> Contacts:
        """Those of some hands."""
        return Contacts(*(getattr(self, item.name)[numbers] for item in fields(self)))


def _numbers(place: Place) -> tuple[int, float, float]:
    return 3 * _FINGERS.index(place.finger) + place.segment, place.along, place.around


def movable(moves: Sequence[str]) -> np.ndarray:
    """(28,) 1 for the angles of the fingers named, palm arches left out."""
    return np.array([float(name.split("_")[0] in moves and "arch" not in name) for name in ANGLE_NAMES])


def skin_points(posed: PosedHand, phalanx, along, around) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 3) in metres and outward normals (N, 3) of one place per hand, hand frame; arguments (N,)."""
    row, joint = np.arange(len(posed.joints)), 1 + phalanx + phalanx // 3
    start, end = posed.joints[row, joint], posed.joints[row, joint + 1]
    frame = posed.frames[row, phalanx]
    normal = np.cos(around)[:, None] * frame[:, :, 2] + np.sin(around)[:, None] * frame[:, :, 1]
    radius = radius_at(posed.girth, phalanx, along, around) + BULGE_M
    return start + along[:, None] * (end - start) + radius[:, None] * normal, normal


def skin_point(posed: PosedHand, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Position (N, 3) in metres and outward normal (N, 3) of the same place on every hand, hand frame."""
    number, along, around = (np.full(len(posed.joints), value) for value in _numbers(place))
    return skin_points(posed, number, along, around)


def gap(posed: PosedHand, contact: Contact) -> np.ndarray:
    """Distance (N,) in metres between the two places of a contact."""
    return np.linalg.norm(skin_point(posed, contact.first)[0] - skin_point(posed, contact.second)[0], axis=1)
