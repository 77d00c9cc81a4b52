"""Contact between two places of one hand by inverse kinematics, for a batch of hands at once.

Damped Gauss-Newton (Levenberg 1944) on the gap between the places and the angle between their normals, with a pull
towards the pose it started from, inside the joint limits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from hand_pose_ros.training.poses.capsules import RADII
from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES, FINGER_NAMES, PosedHand, RestHand, pose

PALMAR, THUMB_SIDE = np.pi, 0.5 * np.pi
_FINGERS = ("thumb", *FINGER_NAMES)
# A gap of 1 mm weighs as much as normals that are 6 degrees off, or an angle 15 degrees from where it started.
GAP_SCALE_M, NORMAL_SCALE, PULL_SCALE = 0.001, 0.1, np.radians(15.0)


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


def skin_point(posed: PosedHand, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Position (N, 3) in metres and outward normal (N, 3) of a place, hand frame."""
    finger = _FINGERS.index(place.finger)
    number = 3 * finger + place.segment
    joint = 1 + 4 * finger + place.segment
    start, end = posed.joints[:, joint], posed.joints[:, joint + 1]
    frame = posed.frames[:, number]
    normal = np.cos(place.around) * frame[:, :, 2] + np.sin(place.around) * frame[:, :, 1]
    radius = np.interp(place.along, (0, 1), RADII[number]) * np.linalg.norm(posed.joints[:, 9], axis=1)
    return start + place.along * (end - start) + radius[:, None] * normal, normal


def gap(posed: PosedHand, contact: Contact) -> np.ndarray:
    """Distance (N,) in metres between the two places of a contact."""
    return np.linalg.norm(skin_point(posed, contact.first)[0] - skin_point(posed, contact.second)[0], axis=1)


def _residuals(rest, angles, start, contacts, columns):
    posed = pose(rest, angles)
    parts = [(angles - start)[:, columns] / PULL_SCALE]
    for contact in contacts:
        (p, n), (q, m) = skin_point(posed, contact.first), skin_point(posed, contact.second)
        parts += [(p - q) / GAP_SCALE_M, (n + m) / NORMAL_SCALE * 0.3]
    return np.concatenate(parts, axis=1)


def touch(rest: RestHand, angles: np.ndarray, contacts, moves: tuple[str, ...], iterations: int = 12) -> np.ndarray:
    """Angles (N, 28) near ``angles`` at which every contact touches, as far as limits allow.

    ``moves`` names the fingers whose angles may change. Check the result with ``gap``.
    """
    columns = [k for k, name in enumerate(ANGLE_NAMES) if name.split("_")[0] in moves and "arch" not in name]
    start, current = np.array(angles, float), np.array(angles, float)
    damping = np.full(len(start), 1.0)
    residual = _residuals(rest, current, start, contacts, columns)
    for _ in range(iterations):
        jacobian = _jacobian(rest, current, start, contacts, columns, residual)
        normal = np.swapaxes(jacobian, 1, 2) @ jacobian
        diagonal = np.einsum("nii->ni", normal)
        normal = normal + (damping[:, None] * (0.01 * diagonal + 0.1))[:, :, None] * np.eye(len(columns))
        step = np.linalg.solve(normal, np.einsum("nrc,nr->nc", jacobian, residual)[..., None])[..., 0]
        trial = current.copy()
        trial[:, columns] -= np.clip(step, -0.4, 0.4)
        trial = clip(trial)
        next_residual = _residuals(rest, trial, start, contacts, columns)
        better = (next_residual**2).sum(axis=1) < (residual**2).sum(axis=1)
        current[better], residual[better] = trial[better], next_residual[better]
        damping = np.where(better, damping * 0.3, damping * 5.0)
    return current


def _jacobian(rest, angles, start, contacts, columns, residual) -> np.ndarray:
    """Forward differences, all columns in one batch: (N, R, C)."""
    step, count, width = 1e-4, len(angles), len(columns)
    moved = np.repeat(angles, width, axis=0)
    moved[np.arange(count * width), np.tile(columns, count)] += step
    if len(rest.joints) > 1:
        rest = RestHand(*(np.repeat(getattr(rest, item.name), width, axis=0) for item in fields(RestHand)))
    shifted = _residuals(rest, moved, np.repeat(start, width, axis=0), contacts, columns)
    return np.swapaxes((shifted.reshape(count, width, -1) - residual[:, None]) / step, 1, 2)
