"""Objects in and before hands: grasped spheres and cylinders, and things that hide a part of the hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.grasp import Primitive, grasp, random_primitives
from hand_pose_ros.training.poses.rotations import normalized, random_rotations
from hand_pose_ros.training.renderer.appearance import Thing
from hand_pose_ros.training.renderer.looks import random_cloths
from hand_pose_ros.training.renderer.primitives import CYLINDER, KINDS, SPHERE


@dataclass(frozen=True)
class Grasps:
    """Hands around primitives, solved once: N angles and their objects in the right hand's frame."""

    angles: np.ndarray
    primitives: Primitive

    @classmethod
    def draw(cls, generator: np.random.Generator, count: int = 200) -> Grasps:
        """``count`` random grasps."""
        primitives = random_primitives(generator, count)
        return cls(grasp(generator, primitives), primitives)

    def thing(self, generator, number: int, to_camera: np.ndarray) -> Thing:
        """Object ``number``, carried by ``to_camera`` (4, 4) from the right hand's frame to the camera's."""
        (a, b), radius = self.primitives.ends[number], self.primitives.radius[number]
        matrix = np.eye(4)
        matrix[:3, 3] = (a + b) / 2
        half = np.linalg.norm(b - a) / 2
        matrix[:3, :3] = np.eye(3) * radius
        if half > 0:
            y = normalized(b - a)
            x = normalized(np.cross(y, [0.0, 0.0, 1.0]))
            matrix[:3, :3] = np.stack([x, y, np.cross(x, y)], axis=1) * np.array([radius, half, radius])
        return Thing(CYLINDER if half > 0 else SPHERE, to_camera @ matrix, random_cloths(generator, 1)[0])


def random_occluder(generator: np.random.Generator, joints_m: np.ndarray) -> Thing:
    """A box, sphere or cylinder before a part of a hand whose joints (21, 3) are in the camera frame."""
    target = joints_m[generator.integers(len(joints_m))]
    scale = np.linalg.norm(joints_m[9] - joints_m[0])
    matrix = np.eye(4)
    matrix[:3, 3] = target * generator.uniform(0.75, 0.93) + generator.normal(0, 0.25 * scale, 3) * (1, 1, 0)
    matrix[:3, :3] = random_rotations(generator, 1)[0] * generator.uniform(0.08, 0.4, 3) * scale
    return Thing(str(generator.choice(KINDS)), matrix, random_cloths(generator, 1)[0])
