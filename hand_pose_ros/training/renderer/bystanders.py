"""Faces and feet before the camera: skin that is no hand, for crops and images that must be found empty."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.rotations import about, random_rotations
from hand_pose_ros.training.renderer.appearance import Appearance
from hand_pose_ros.training.renderer.body_pose import FACING, turning
from hand_pose_ros.training.renderer.persons import Persons
from hand_pose_ros.training.renderer.placed_hand import PlacedBody

FACE, FEET = ("head", "trunk", "hair", "scalp"), ("feet", "legs")
NEAR_M, FAR_M = 0.35, {FACE: 0.75, FEET: 1.6}
"""Distances; beyond, one would see that a face's person has no arms."""


def random_face(generator: np.random.Generator, persons: Persons, look: Appearance) -> tuple[PlacedBody, np.ndarray]:
    """A head with shoulders that more or less looks at the camera, and points (21, 3) on it in the camera frame."""
    roll, nod, yaw = generator.normal(0, (0.3, 0.3, 0.7))
    turn = about("z", roll) @ about("x", nod) @ about("y", yaw)
    return _placed(generator, persons, look, turn @ FACING, FACE, 0.09)


def random_foot(generator: np.random.Generator, persons: Persons, look: Appearance) -> tuple[PlacedBody, np.ndarray]:
    """Bare feet from any side, and points (21, 3) on one of them in the camera frame."""
    return _placed(generator, persons, look, random_rotations(generator, 1)[0], FEET, 0.08)


def _placed(generator, persons, look, turn, pieces, radius) -> tuple[PlacedBody, np.ndarray]:
    body = persons.alone(look, np.eye(3, 4), pieces)
    mesh = persons.mesh(body)
    centre = mesh.head if pieces is FACE else mesh.foot
    distance = generator.uniform(NEAR_M, FAR_M[pieces])
    place = distance * np.array([*generator.normal(0, 0.15, 2), 1.0])
    body.matrices[:] = turning(turn, centre, place)
    return body, place + generator.normal(0, 0.6 * radius, (21, 3))
