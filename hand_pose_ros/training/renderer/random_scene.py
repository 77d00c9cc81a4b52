"""Random scenes for one crop: who, in which pose, seen from where, holding what, beside whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.settings import setting
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import joint_positions
from hand_pose_ros.training.renderer.appearance import Lights, Thing
from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.held import Grasps, random_occluder
from hand_pose_ros.training.renderer.looks import random_appearance, random_lights
from hand_pose_ros.training.renderer.scene import SceneHand, mirror_of
from hand_pose_ros.training.renderer.shape_pool import ShapePool
from hand_pose_ros.training.renderer.viewpoint import ViewSettings, crop_camera, random_view


@dataclass(frozen=True)
class SceneSettings:
    """What the crops show, as shares of all crops."""

    left: float = setting(0.5, "Left hands.", minimum=0.0, maximum=1.0)
    second_hand: float = setting(0.10, "Crops with a second hand nearby.", minimum=0.0, maximum=1.0)
    held: float = setting(0.10, "Crops with an object in the hand.", minimum=0.0, maximum=1.0)
    occluder: float = setting(0.10, "Crops with an object before the hand.", minimum=0.0, maximum=1.0)
    empty: float = setting(0.06, "Crops without a hand: background or an arm alone.", minimum=0.0, maximum=1.0)
    view: ViewSettings = field(default_factory=ViewSettings)


@dataclass(frozen=True)
class RandomScene:
    """A scene ready to draw. ``hands`` begins with the hand that the labels are about; empty for a background alone."""

    hands: list[SceneHand]
    things: list[Thing]
    lights: Lights
    camera_matrix: np.ndarray
    background: np.ndarray
    present: bool


class SceneSampler:
    """Draws scenes of ``size`` px crops."""

    def __init__(self, generator, shapes: ShapePool, size: int, settings: SceneSettings, backgrounds: Iterable[Path] = ()):
        self._random, self._shapes, self._size, self._settings = generator, shapes, size, settings
        self._prior, self._grasps = PosePrior(generator), Grasps.draw(generator)
        self._backgrounds = Backgrounds(generator, backgrounds)
        self._angles: list[np.ndarray] = []

    def scene(self) -> RandomScene:
        """The next scene."""
        chance, settings = self._random.random, self._settings
        present = chance() >= settings.empty
        background, lights = self._backgrounds.take(self._size, self._size), random_lights(self._random)
        if not present and chance() < 0.5:
            return RandomScene([], [], lights, np.eye(3), background, False)
        number = int(self._random.integers(len(self._grasps.angles))) if chance() < settings.held else None
        hand, matrix = self._hand(number)
        if not present:
            hand, matrix = self._arm_alone(hand, matrix)
        hands, things, joints = [hand], [], joints_of(hand)
        if number is not None and present:
            things.append(self._grasps.thing(self._random, number, hand_to_camera(hand)))
        elif chance() < settings.occluder and present:
            things.append(random_occluder(self._random, joints))
        if chance() < settings.second_hand:
            hands.append(self._neighbour(hand, joints))
        return RandomScene(hands, things, lights, matrix, background, present)

    def _next_angles(self) -> np.ndarray:
        if not self._angles:
            self._angles = list(self._prior.sample(256))
        return self._angles.pop()

    def _hand(self, grasp: int | None) -> tuple[SceneHand, np.ndarray]:
        mesh_id, rest = self._shapes.take()
        angles = self._next_angles()
        if grasp is not None:
            angles = np.where(np.arange(len(angles)) < 4, angles, self._grasps.angles[grasp])  # the arm stays random
        side = LEFT if self._random.random() < self._settings.left else RIGHT
        joints = joint_positions(rest, angles)[0] * mirror_of(side)
        view = random_view(self._random, self._settings.view, joints, self._size)
        look = random_appearance(self._random, self._shapes.skin_count)
        return SceneHand(mesh_id, rest, angles, side, view.rotation, view.wrist_m, look), view.camera_matrix

    def _arm_alone(self, hand: SceneHand, matrix: np.ndarray) -> tuple[SceneHand, np.ndarray]:
        """The same arm with the crop around the forearm, the hand outside the crop as a rule."""
        along = hand.rotation @ (hand.rest.elbow[0] * mirror_of(hand.handedness))
        middle = hand.wrist_m + along * self._random.uniform(0.6, 1.2)
        around = middle + self._random.normal(0, 0.04, (21, 3))
        return hand, crop_camera(self._random, self._settings.view, around, self._size)

    def _neighbour(self, hand: SceneHand, joints: np.ndarray) -> SceneHand:
        """A second hand within a hand's length, of the same person more often than not."""
        other, _ = self._hand(None)
        offset = self._random.normal(0, 1, 3)
        offset *= self._random.uniform(0.08, 0.22) / np.linalg.norm(offset)
        wrist = hand.wrist_m + offset
        wrist[2] = max(wrist[2], 0.15)
        look = hand.appearance if self._random.random() < 0.7 else other.appearance
        return replace(other, wrist_m=wrist, appearance=look)


def joints_of(hand: SceneHand) -> np.ndarray:
    """Joints (21, 3) in the camera frame."""
    return (joint_positions(hand.rest, hand.angles)[0] * mirror_of(hand.handedness)) @ hand.rotation.T + hand.wrist_m


def hand_to_camera(hand: SceneHand) -> np.ndarray:
    """(4, 4) from the right hand's wrist frame (before mirroring) to the camera frame."""
    matrix = np.eye(4)
    matrix[:3, :3] = hand.rotation * mirror_of(hand.handedness)
    matrix[:3, 3] = hand.wrist_m
    return matrix
