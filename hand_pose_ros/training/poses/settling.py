"""Settles hands: places that should touch come together, flesh that lies in flesh moves out of it.

Damped Gauss-Newton (Levenberg 1944), a batch of hands at once, on the gaps of the contacts and the angles between their
normals, the overlaps of the hand's capsules beyond what soft flesh takes, and a pull towards the pose it started from,
inside the joint limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.contact import Contact, Contacts, skin_points
from hand_pose_ros.training.poses.flesh import PAIRS, Flesh, capsule_depths
from hand_pose_ros.training.poses.leverage import CARRIED, FINGER_ANGLES, PALM_PART, Leverage
from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.rotations import normalized
from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES, PosedHand, RestHand, pose

# A gap of 1 mm or an overlap of 0.5 mm weighs as much as normals that are 20 degrees off, or an angle of the thumb 25
# degrees from where it started, a finger's bend 15, its spread 7: the thumb gives way first, and curled fingers hardly
# spread.
GAP_SCALE_M, NORMAL_SCALE, OVERLAP_SCALE_M = 0.001, 1.0 / 3.0, 0.0005
_DEGREES = {"thumb": 25.0, "spread": 7.0}
PULL_SCALE = np.radians([
    next((degrees for part, degrees in _DEGREES.items() if part in ANGLE_NAMES[k]), 15.0) for k in FINGER_ANGLES
])  # fmt: skip
ALLOWED_OVERLAP_M = 0.0015
"""What pressed flesh takes."""
WORST_PAIRS = 12
_COLUMNS = np.array(FINGER_ANGLES)
_PART = np.minimum(PAIRS, PALM_PART)


@dataclass(frozen=True)
class Task:
    """What N hands should come to."""

    rest: RestHand
    start: np.ndarray
    """(N, 28) angles they are pulled to."""
    contacts: Contacts
    flesh: Flesh | None
    """None: overlaps are not looked at."""

    def rows(self, numbers: np.ndarray) -> Task:
        """Some of the hands."""
        rest = self.rest.rows(numbers) if len(self.rest.joints) > 1 else self.rest
        flesh = None if self.flesh is None else self.flesh.rows(numbers)
        return Task(rest, self.start[numbers], self.contacts.rows(numbers), flesh)


def settle(rest: RestHand, angles: np.ndarray, contacts: Contacts | None = None, steps: int = 12) -> np.ndarray:
    """Angles (N, 28) near ``angles`` whose ``contacts`` touch and whose flesh overlaps little, as far as limits allow.

    ``rest`` is one hand or N. Contacts move only the fingers that they name; overlaps move all.
    """
    if not len(angles):
        return np.array(angles, float)
    contacts = contacts or Contacts.of([((), ())] * len(angles))
    posed = pose(rest, angles)
    return _solve(Task(rest, np.array(angles, float), contacts, Flesh.of(posed.girth, posed.joints)), steps)


def touch(rest: RestHand, angles: np.ndarray, contacts: Sequence[Contact], moves: Sequence[str], steps: int = 12):
    """Angles (N, 28) near ``angles`` at which every one of the same ``contacts`` touches, whatever overlaps.

    ``moves`` names the fingers whose angles may change. Check the result with ``contact.gap``.
    """
    task = Task(rest, np.array(angles, float), Contacts.of([(contacts, moves)] * len(angles)), None)
    return _solve(task, steps)


def _solve(task: Task, steps: int) -> np.ndarray:
    current, damping = task.start.copy(), np.full(len(task.start), 1.0)
    residual, jacobian = _linearised(task, current)
    for _ in range(steps):
        step = _step(residual, jacobian, damping)
        trial = current.copy()
        trial[:, _COLUMNS] -= np.clip(step, -0.4, 0.4)
        trial = np.where(np.isin(np.arange(trial.shape[1]), _COLUMNS), clip(trial), trial)
        next_residual, next_jacobian = _linearised(task, trial)
        better = (next_residual**2).sum(axis=1) < (residual**2).sum(axis=1)
        current[better], residual[better], jacobian[better] = (
            trial[better], next_residual[better], next_jacobian[better],
        )  # fmt: skip
        damping = np.where(better, damping * 0.3, damping * 5.0)
    return current


def _step(residual: np.ndarray, jacobian: np.ndarray, damping: np.ndarray) -> np.ndarray:
    normal = np.swapaxes(jacobian, 1, 2) @ jacobian
    diagonal = np.einsum("nii->ni", normal)
    normal = normal + (damping[:, None] * (0.01 * diagonal + 0.1))[:, :, None] * np.eye(len(_COLUMNS))
    return np.linalg.solve(normal, np.swapaxes(jacobian, 1, 2) @ residual[..., None])[..., 0]


def _linearised(task: Task, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals (N, R) and their derivatives (N, R, 22) by ``FINGER_ANGLES``."""
    posed = pose(task.rest, angles)
    lever = Leverage.of(posed, angles)
    pull = (angles - task.start)[:, _COLUMNS] / PULL_SCALE
    parts = [(pull, np.broadcast_to(np.diag(1.0 / PULL_SCALE), (len(angles), *[len(_COLUMNS)] * 2)))]
    parts += _gaps(task.contacts, posed, lever)
    if task.flesh is not None:
        parts.append(_overlaps(task.flesh, posed, lever))
    return tuple(np.concatenate([part[k] for part in parts], axis=1) for k in (0, 1))


def _gaps(contacts: Contacts, posed: PosedHand, lever: Leverage):
    """Residuals (N, 3) and derivatives (N, 3, 22) of each contact's gap and of its normals."""
    free = contacts.free[:, None, _COLUMNS]
    for k in range(contacts.strength.shape[1]):
        strength, (p, q) = contacts.strength[:, k, None], contacts.phalanx[:, k].T
        (first, n), (second, m) = (
            skin_points(posed, contacts.phalanx[:, k, side], contacts.along[:, k, side], contacts.around[:, k, side])
            for side in (0, 1)
        )
        for value, scale, way in (
            (first - second, GAP_SCALE_M, _rates(lever.of_points, first, p) - _rates(lever.of_points, second, q)),
            (n + m, NORMAL_SCALE, _rates(lever.of_directions, n, p) + _rates(lever.of_directions, m, q)),
        ):
            yield strength * value / scale, strength[..., None] * free * way / scale


def _rates(of, vectors: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """(N, 3, 22) of one vector (N, 3) per hand."""
    return np.swapaxes(of(vectors[:, None], parts[:, None])[:, 0], 1, 2)


def _overlaps(flesh: Flesh, posed: PosedHand, lever: Leverage) -> tuple[np.ndarray, np.ndarray]:
    """Residuals (N, W) and derivatives (N, W, 22) of the deepest overlaps beyond what is allowed."""
    depth, ends, *shares = capsule_depths(flesh, posed)
    worst = np.argpartition(-depth, WORST_PAIRS, axis=1)[:, :WORST_PAIRS]
    excess = np.take_along_axis(depth, worst, axis=1) - ALLOWED_OVERLAP_M
    one, other = (_points(ends, PAIRS[worst, side], np.take_along_axis(shares[side], worst, axis=1)) for side in (0, 1))
    apart = normalized(one - other)
    # Both points lie on the line along which the capsules are pushed apart, so that one lever serves both.
    parts = CARRIED.T[_PART[worst]]
    rates = lever.along(one, apart) * (parts[:, :, 1] - parts[:, :, 0]) * (excess > 0)[..., None]
    return np.maximum(excess, 0.0) / OVERLAP_SCALE_M, rates / OVERLAP_SCALE_M


def _points(ends: np.ndarray, capsules: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Points (N, W, 3) at ``shares`` (N, W) of the axes of ``capsules`` (N, W)."""
    chosen = ends[np.arange(len(ends))[:, None], capsules]
    return chosen[:, :, 0] + shares[..., None] * (chosen[:, :, 1] - chosen[:, :, 0])
