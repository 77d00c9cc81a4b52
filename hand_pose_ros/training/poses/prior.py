"""Random hand poses: named poses and contacts, mixtures of them finger by finger, grasps and free angles.

>>> prior = PosePrior(np.random.default_rng(0))
>>> prior.sample(100).shape
(100, 28)
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.capsules import penetration
from hand_pose_ros.training.poses.contact import touch
from hand_pose_ros.training.poses.grasp import grasp_poses
from hand_pose_ros.training.poses.limits import DIP_PER_PIP, LIMITS, clip
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.skeleton import ANGLE, ANGLE_NAMES, FINGER_NAMES, RestHand, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand
from hand_pose_ros.training.split import ALL, part_of

KINDS = {"named": 0.40, "between": 0.20, "mixed": 0.14, "free": 0.08, "grasp": 0.18}
"""Share of each kind of pose: a named one, a point between two, fingers from different ones, free angles, grasps."""
ALLOWED_OVERLAP_M = 0.006
NOISE_DEGREES = 5.0
FINGER_COLUMNS = {
    name: [k for k, angle in enumerate(ANGLE_NAMES) if angle.startswith(f"{name}_")]
    for name in ("thumb", *FINGER_NAMES)
}


class PosePrior:
    """Draws joint angles. Contacts are solved once, on the standard hand; other shapes miss them by millimetres."""

    def __init__(self, generator: np.random.Generator, variants: int = 6, split: str = ALL):
        self._random, self._poses = generator, part_of(list(POSES), split)
        self.names, self._library = self._solve_library(variants)
        self._grasps = grasp_poses(generator, 160)

    def _solve_library(self, variants: int) -> tuple[np.ndarray, np.ndarray]:
        names, angles = [], []
        for name in self._poses:
            named = POSES[name]
            start = np.repeat(named.angles[None], variants, axis=0)
            start[1:] = clip(start[1:] + self._noise(variants - 1, 5.0))
            if named.contacts:
                start = touch(standard_hand(), start, named.contacts, named.moves)
            names += [name] * variants
            angles.append(start)
        return np.array(names), np.concatenate(angles)

    def named(self, name: str) -> np.ndarray:
        """Angles (28,) of one named pose with its contacts solved on the standard hand."""
        if name not in self._poses:
            raise ValueError(f"pose {name!r} is unknown: give one of {', '.join(self._poses)}")
        return self._library[np.flatnonzero(self.names == name)[0]].copy()

    def sample(self, count: int, rest: RestHand | None = None) -> np.ndarray:
        """Angles (count, 28) without interpenetration deeper than 6 mm beyond what the mesh's soft flesh takes.

        ``rest`` (one hand or ``count`` hands) is the shape the check uses, the standard hand by default.
        """
        rest = rest or standard_hand()
        angles = self._draw(count)
        for _ in range(8):
            bad = np.flatnonzero(self._overlap(rest, angles) > ALLOWED_OVERLAP_M)
            if not len(bad):
                break
            angles[bad] = self._draw(len(bad))
        return angles

    def _overlap(self, rest: RestHand, angles: np.ndarray) -> np.ndarray:
        """Deepest overlap (N,) of fingers with fingers, the palm left out: flesh gives way there."""
        return penetration(pose(rest, angles), palm=False).max(axis=1)

    def _draw(self, count: int) -> np.ndarray:
        kinds = self._random.choice(list(KINDS), size=count, p=list(KINDS.values()))
        makers = {"named": self._named, "between": self._between, "mixed": self._mixed, "free": self._free,
                  "grasp": self._grasp}  # fmt: skip
        angles = np.empty((count, len(ANGLE)))
        for kind, make in makers.items():
            own = np.flatnonzero(kinds == kind)
            if len(own):
                angles[own] = make(len(own))
        self._turn_wrist(angles)
        return clip(angles)

    def _noise(self, count: int, degrees: float) -> np.ndarray:
        return np.radians(self._random.normal(0, degrees, (count, len(ANGLE))))

    def _pick(self, count: int) -> np.ndarray:
        names = np.array(self._poses)
        wanted = names[self._random.integers(len(names), size=count)]
        per_name = len(self.names) // len(names)
        order = {name: k for k, name in enumerate(names)}
        rows = np.array([order[name] for name in wanted]) * per_name + self._random.integers(per_name, size=count)
        return self._library[rows].copy()

    def _named(self, count: int) -> np.ndarray:
        # Half of them barely disturbed, so that contacts stay contacts.
        calm = self._random.random((count, 1)) < 0.5
        return self._pick(count) + self._noise(count, 1.0) * np.where(calm, 1.0, NOISE_DEGREES)

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
