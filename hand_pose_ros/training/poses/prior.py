"""Random hand poses: named poses and contacts, mixtures of them finger by finger, grasps and free angles.

>>> prior = PosePrior(np.random.default_rng(0))
>>> prior.sample(100).shape
(100, 28)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_pose_ros.training.poses.contact import Contacts
from hand_pose_ros.training.poses.flesh import deepest
from hand_pose_ros.training.poses.grasp import grasp_poses
from hand_pose_ros.training.poses.limits import DIP_PER_PIP, LIMITS, clip
from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.settling import ALLOWED_OVERLAP_M, settle
from hand_pose_ros.training.poses.skeleton import ANGLE, ANGLE_NAMES, FINGER_NAMES, RestHand, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand
from hand_pose_ros.training.split import ALL, part_of

KINDS = {"named": 0.34, "between": 0.17, "mixed": 0.12, "together": 0.14, "free": 0.08, "grasp": 0.15}
"""Share of each kind of pose: a named one, a point between two, fingers from different ones, all fingers bent nearly
alike, free angles, grasps."""
MOST_OVERLAP_M = ALLOWED_OVERLAP_M + 0.0005
"""Draws that overlap more after settling are drawn again."""
NOISE_DEGREES, ROUNDS, PASSES = 5.0, 8, 2
SOLVING_STEPS, VARIANT_STEPS, CLOSING_STEPS = 40, 15, 7
FINGER_COLUMNS = {
    name: [k for k, angle in enumerate(ANGLE_NAMES) if angle.startswith(f"{name}_")]
    for name in ("thumb", *FINGER_NAMES)
}


def contacts_of(names: Sequence[str | None]) -> Contacts:
    """The contacts of named poses, none for None."""
    free = ((), ())
    return Contacts.of([(ALL_POSES[name].contacts, ALL_POSES[name].moves) if name else free for name in names])


def _overlapping(rest: RestHand, angles: np.ndarray) -> np.ndarray:
    """(N,) whether hands lie in themselves deeper than they may."""
    return deepest(pose(rest, angles)) > MOST_OVERLAP_M


class PosePrior:
    """Draws joint angles. Contacts are solved on the standard hand once, and again on hands that are to keep them."""

    def __init__(self, generator: np.random.Generator, variants: int = 6, split: str = ALL):
        self._random, self._poses = generator, part_of(list(ALL_POSES), split)
        self.names, self._library = self._solve_library(variants)
        self._grasps = grasp_poses(generator, 160)

    def _solve_library(self, variants: int) -> tuple[np.ndarray, np.ndarray]:
        """Every named pose settled, then disturbed versions of it that settle again."""
        solved = np.array([ALL_POSES[name].angles for name in self._poses])
        solved = settle(standard_hand(), solved, contacts_of(self._poses), SOLVING_STEPS)
        names, angles = np.repeat(self._poses, variants), np.repeat(solved, variants, axis=0)
        disturbed = np.arange(len(names)) % variants > 0
        angles[disturbed] = clip(angles[disturbed] + self._noise(int(disturbed.sum()), NOISE_DEGREES))
        touching = contacts_of(names[disturbed])
        angles[disturbed] = settle(standard_hand(), angles[disturbed], touching, VARIANT_STEPS)
        return names, angles

    def named(self, name: str) -> np.ndarray:
        """Angles (28,) of one named pose with its contacts solved on the standard hand."""
        if name not in self._poses:
            raise ValueError(f"pose {name!r} is unknown: give one of {', '.join(self._poses)}")
        return self._library[np.flatnonzero(self.names == name)[0]].copy()

    def sample(self, count: int, rest: RestHand | None = None) -> np.ndarray:
        """Angles (count, 28) whose flesh overlaps by less than 2 mm (of ``flesh``'s capsules), but for a few.

        ``rest`` (one hand or ``count`` hands) is the shape that contacts and the check are for, the standard hand by
        default.
        """
        rest = rest or standard_hand()
        angles, bad = np.empty((count, len(ANGLE))), np.arange(count)
        for _ in range(ROUNDS):
            angles[bad], touching = self._draw(len(bad))
            hands = rest.rows(bad) if len(rest.joints) > 1 else rest
            angles[bad] = self.settled(hands, angles[bad], touching)
            bad = bad[_overlapping(hands, angles[bad])]
            if not len(bad):
                break
        return angles

    @staticmethod
    def settled(rest: RestHand, angles: np.ndarray, touching: Sequence[str | None], steps: int = CLOSING_STEPS):
        """Angles (N, 28) on the hands ``rest`` (N or 1) that keep the contacts of the named poses ``touching`` (N) and
        do not lie in themselves; those that did neither stay as they are."""
        keeping = np.array([bool(name) and len(ALL_POSES[name].contacts) > 0 for name in touching], bool)
        settled, rows = angles.copy(), np.flatnonzero(keeping | _overlapping(rest, angles))
        for _ in range(PASSES):
            if not len(rows):
                break
            hands = rest.rows(rows) if len(rest.joints) > 1 else rest
            settled[rows] = settle(hands, settled[rows], contacts_of([touching[k] for k in rows]), steps)
            rows = rows[_overlapping(hands, settled[rows])]
        return settled

    def _draw(self, count: int) -> tuple[np.ndarray, list[str | None]]:
        """Angles, and the named pose whose contacts a row should keep."""
        kinds = self._random.choice(list(KINDS), size=count, p=list(KINDS.values()))
        makers = {
            "between": self._between, "mixed": self._mixed, "together": self._together, "free": self._free,
            "grasp": self._grasp,
        }  # fmt: skip
        angles, touching = np.empty((count, len(ANGLE))), [None] * count
        for kind in KINDS:
            own = np.flatnonzero(kinds == kind)
            if len(own) and kind == "named":
                angles[own], names = self._named(len(own))
                for row, name in zip(own, names, strict=True):
                    touching[row] = name
            elif len(own):
                angles[own] = makers[kind](len(own))
        self._turn_wrist(angles)
        return clip(angles), touching

    def _noise(self, count: int, degrees: float) -> np.ndarray:
        return np.radians(self._random.normal(0, degrees, (count, len(ANGLE))))

    def _pick(self, count: int) -> np.ndarray:
        return self._library[self._rows(count)]

    def _rows(self, count: int) -> np.ndarray:
        """Rows of the library: any name, then any of its variants."""
        names = len(self._poses)
        wanted, per_name = self._random.integers(names, size=count), len(self.names) // names
        return wanted * per_name + self._random.integers(per_name, size=count)

    def _named(self, count: int) -> tuple[np.ndarray, list[str | None]]:
        """Half of them barely disturbed: their contacts stay contacts."""
        rows, calm = self._rows(count), self._random.random(count) < 0.5
        angles = self._library[rows] + self._noise(count, 1.0) * np.where(calm, 1.0, NOISE_DEGREES)[:, None]
        return angles, [str(name) if still else None for name, still in zip(self.names[rows], calm, strict=True)]

    def _between(self, count: int) -> np.ndarray:
        share = self._random.random((count, 1))
        return self._pick(count) * share + self._pick(count) * (1 - share) + self._noise(count, NOISE_DEGREES)

    def _mixed(self, count: int) -> np.ndarray:
        angles = self._pick(count)
        for columns in FINGER_COLUMNS.values():
            angles[:, columns] = self._pick(count)[:, columns]
        return angles + self._noise(count, NOISE_DEGREES)

    def _grasp(self, count: int) -> np.ndarray:
        return self._grasps[self._random.integers(len(self._grasps), size=count)] + self._noise(count, 2.5)

    def _together(self, count: int) -> np.ndarray:
        """The four fingers flexed nearly alike, more or less from index to little finger; thumb and spread of any
        named pose. The first synergy of grasping hands (Santello et al. 1998): claws, hooks, closing fists."""
        angles = self._pick(count)
        mcp = self._random.uniform(-10, 90, count)
        pip = self._random.uniform(0, 108, count)
        slopes = self._random.normal(0, 9, (2, count))
        for number, name in enumerate(FINGER_NAMES):
            step = number - 1.5
            bends = np.stack([mcp + slopes[0] * step, pip + slopes[1] * step]) + self._random.normal(0, 5, (2, count))
            dip = DIP_PER_PIP * bends[1] + self._random.normal(0, 8, count)
            for joint, degrees in zip(("mcp", "pip", "dip"), (*bends, dip), strict=True):
                angles[:, ANGLE[f"{name}_{joint}"]] = np.radians(degrees)
        return angles

    def _free(self, count: int) -> np.ndarray:
        """Every joint anywhere in its middle 90 %, DIP following PIP, neighbours' MCP joints near each other."""
        low, high = LIMITS[:, 0], LIMITS[:, 1]
        angles = low + (high - low) * self._random.uniform(0.05, 0.95, (count, len(ANGLE)))
        common = self._random.uniform(0.0, np.radians(85), (count, 1))
        for name in FINGER_NAMES:
            mcp, pip, dip = (ANGLE[f"{name}_{joint}"] for joint in ("mcp", "pip", "dip"))
            angles[:, mcp] = 0.5 * angles[:, mcp] + 0.5 * common[:, 0]
            angles[:, dip] = DIP_PER_PIP * angles[:, pip] + np.radians(self._random.normal(0, 8, count))
        return angles

    def _turn_wrist(self, angles: np.ndarray):
        count = len(angles)
        angles[:, ANGLE["elbow_flexion"]] = np.radians(self._random.uniform(10, 120, count))
        angles[:, ANGLE["forearm_twist"]] = np.radians(self._random.normal(0, 30, count))
        angles[:, ANGLE["wrist_flexion"]] = np.radians(self._random.normal(-5, 22, count))
        angles[:, ANGLE["wrist_deviation"]] = np.radians(self._random.normal(-3, 9, count))
