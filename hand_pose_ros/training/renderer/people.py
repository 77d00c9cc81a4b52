"""Random hands before they are placed: shape and pose, in batches because small numpy calls cost more than drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import ANGLE, PosedHand, RestHand, pose
from hand_pose_ros.training.renderer.held import Grasps
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.shape_pool import ShapePool

BATCH, RENEWED = 256, 16
ARM_COLUMNS = [ANGLE[name] for name in ("elbow_flexion", "forearm_twist", "wrist_flexion", "wrist_deviation")]


@dataclass(frozen=True)
class Person:
    """A shape in a pose; ``grasp`` is the number of the object it holds, or None."""

    mesh_id: int
    rest: RestHand
    angles: np.ndarray
    posed: PosedHand
    grasp: int | None


class People:
    """An endless queue of hands."""

    def __init__(self, generator: np.random.Generator, shapes: ShapePool, settings: SceneSettings):
        self._random, self._shapes, self._held = generator, shapes, settings.held
        self._prior, self.grasps = PosePrior(generator, split=settings.split), Grasps.draw(generator)
        self._queue: list[Person] = []

    def take(self, count: int) -> list[Person]:
        """The next hands, at most ``BATCH``, to be drawn before the next ones are taken: shapes are renewed then."""
        if count > BATCH:
            raise ValueError(f"{count} hands at once: take at most {BATCH}")
        if len(self._queue) < count:
            self._shapes.renew(RENEWED)
            self._queue = self._batch()
        taken, self._queue = self._queue[:count], self._queue[count:]
        return taken

    def _batch(self) -> list[Person]:
        numbers, rest = self._shapes.take(BATCH)
        angles = self._prior.sample(BATCH, rest)
        held = np.where(
            self._random.random(BATCH) < self._held, self._random.integers(len(self.grasps.angles), size=BATCH), -1
        )
        grasping = held >= 0
        arms = angles[:, ARM_COLUMNS]
        angles[grasping] = self.grasps.angles[held[grasping]]
        angles[:, ARM_COLUMNS] = arms
        posed = pose(rest, angles)
        return [
            Person(int(numbers[k]), rest.row(k), angles[k], posed.row(k), int(held[k]) if grasping[k] else None)
            for k in range(BATCH)
        ]
