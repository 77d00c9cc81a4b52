"""Contact between two places of one hand by inverse kinematics, for a batch of hands and of contacts at once.

Damped Gauss-Newton (Levenberg 1944) on the gap between the places and the angle between their normals, with a pull
towards the pose it started from, inside the joint limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from hand_pose_ros.training.poses.girth import radius_at
from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES, FINGER_NAMES, PosedHand, RestHand, pose

PALMAR, THUMB_SIDE = np.pi, 0.5 * np.pi
_FINGERS = ("thumb", *FINGER_NAMES)
# A gap of 1 mm weighs as much as normals that are 20 degrees off, or an angle 15 degrees from where it started.
GAP_SCALE_M, NORMAL_SCALE, PULL_SCALE = 0.001, 1.0 / 3.0, np.radians(15.0)
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

    def repeated(self, times: int) -> Contacts:
        """Every hand ``times`` times in a row."""
        return Contacts(*(np.repeat(getattr(self, item.name), times, axis=0) for item in fields(self)))


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


def _residuals(rest, angles, start, contacts: Contacts):
    posed = pose(rest, angles)
    parts = [(angles - start) / PULL_SCALE]
    for k in range(contacts.strength.shape[1]):
        (p, n), (q, m) = (
            skin_points(posed, contacts.phalanx[:, k, side], contacts.along[:, k, side], contacts.around[:, k, side])
            for side in (0, 1)
        )
        strength = contacts.strength[:, k, None]
        parts += [strength * (p - q) / GAP_SCALE_M, strength * (n + m) / NORMAL_SCALE]
    return np.concatenate(parts, axis=1)


def touch(rest: RestHand, angles: np.ndarray, contacts, moves: Sequence[str], iterations: int = 12) -> np.ndarray:
    """Angles (N, 28) near ``angles`` at which every one of the same ``contacts`` touches, as far as limits allow.

    ``moves`` names the fingers whose angles may change. Check the result with ``gap``.
    """
    return touch_all(rest, angles, Contacts.of([(contacts, moves)] * len(angles)), iterations)


def touch_all(rest: RestHand, angles: np.ndarray, contacts: Contacts, iterations: int = 12) -> np.ndarray:
    """As ``touch``, with contacts and fingers of its own for every hand."""
    start, current = np.array(angles, float), np.array(angles, float)
    columns = np.flatnonzero(contacts.free.any(axis=0))
    free = contacts.free[:, columns]
    damping = np.full(len(start), 1.0)
    residual = _residuals(rest, current, start, contacts)
    for _ in range(iterations):
        jacobian = _jacobian(rest, current, start, contacts, columns, residual) * free[:, None]
        normal = np.swapaxes(jacobian, 1, 2) @ jacobian
        diagonal = np.einsum("nii->ni", normal)
        normal = normal + (damping[:, None] * (0.01 * diagonal + 0.1))[:, :, None] * np.eye(len(columns))
        step = np.linalg.solve(normal, np.einsum("nrc,nr->nc", jacobian, residual)[..., None])[..., 0]
        trial = current.copy()
        trial[:, columns] -= np.clip(step, -0.4, 0.4)
        trial = clip(trial)
        next_residual = _residuals(rest, trial, start, contacts)
        better = (next_residual**2).sum(axis=1) < (residual**2).sum(axis=1)
        current[better], residual[better] = trial[better], next_residual[better]
        damping = np.where(better, damping * 0.3, damping * 5.0)
    return current


def _jacobian(rest, angles, start, contacts: Contacts, columns, residual) -> np.ndarray:
    """Forward differences, all columns in one batch: (N, R, C)."""
    step, count, width = 1e-4, len(angles), len(columns)
    moved = np.repeat(angles, width, axis=0)
    moved[np.arange(count * width), np.tile(columns, count)] += step
    if len(rest.joints) > 1:
        rest = RestHand(*(np.repeat(getattr(rest, item.name), width, axis=0) for item in fields(RestHand)))
    shifted = _residuals(rest, moved, np.repeat(start, width, axis=0), contacts.repeated(width))
    return np.swapaxes((shifted.reshape(count, width, -1) - residual[:, None]) / step, 1, 2)
