"""Random scenes for one crop: who, in which pose, seen from where, holding what, beside whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.renderer.appearance import Lights, Thing
from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.held import random_occluder
from hand_pose_ros.training.renderer.looks import random_appearance, random_lights
from hand_pose_ros.training.renderer.people import People
from hand_pose_ros.training.renderer.scene import SceneHand, mirror_of, project
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.shape_pool import ShapePool
from hand_pose_ros.training.renderer.viewpoint import crop_camera, random_view


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

    def __init__(
        self, generator, shapes: ShapePool, size: int, settings: SceneSettings, backgrounds: Iterable[Path] = ()
    ):
        self._random, self._shapes, self._size, self._settings = generator, shapes, size, settings
        self._backgrounds = Backgrounds(generator, backgrounds)
        self._people = People(generator, shapes, settings)

    def background(self) -> np.ndarray:
        """A crop without anything before it."""
        return self._backgrounds.take(self._size, self._size)

    def scene(self) -> RandomScene:
        """The next scene."""
        chance, settings = self._random.random, self._settings
        present = chance() >= settings.empty
        background, lights = self.background(), random_lights(self._random)
        if not present and chance() < 0.5:
            return RandomScene([], [], lights, np.eye(3), background, False)
        hand, matrix, grasp = self._hand()
        if not present:
            matrix = self._around_the_arm(hand)
            hands = (
                []
                if (np.abs(2 * project(matrix, hand.joints_m()) / self._size - 1) < 1.1).all(axis=1).any()
                else [hand]
            )
            return RandomScene(hands, [], lights, matrix, background, False)
        hands, things, joints = [hand], [], hand.joints_m()
        if grasp is not None:
            things.append(self._people.grasps.thing(self._random, grasp, hand_to_camera(hand)))
        elif chance() < settings.occluder:
            things.append(random_occluder(self._random, joints))
        if chance() < settings.second_hand:
            hands.append(self._neighbour(hand, joints))
        return RandomScene(hands, things, lights, matrix, background, True)

    def _hand(self) -> tuple[SceneHand, np.ndarray, int | None]:
        person = self._people.next()
        side = LEFT if self._random.random() < self._settings.left else RIGHT
        joints = person.posed.joints[0] * mirror_of(side)
        view = random_view(self._random, self._settings.view, joints, self._size)
        look = random_appearance(self._random, self._shapes.skins)
        hand = SceneHand(
            person.mesh_id, person.rest, person.angles, side, view.rotation, view.wrist_m, look, person.posed
        )  # fmt: skip
        return hand, view.camera_matrix, person.grasp

    def _around_the_arm(self, hand: SceneHand) -> np.ndarray:
        """K of a crop around the forearm or elbow instead of the hand."""
        along = hand.rotation @ (hand.rest.elbow[0] * mirror_of(hand.handedness))
        middle = hand.wrist_m + along * self._random.uniform(0.7, 1.3)
        around = middle + self._random.normal(0, 0.04, (21, 3))
        return crop_camera(self._random, self._settings.view, around, self._size)

    def _neighbour(self, hand: SceneHand, joints: np.ndarray) -> SceneHand:
        """A second hand within a hand's length, of the same person more often than not."""
        other, _, _ = self._hand()
        offset = self._random.normal(0, 1, 3)
        offset *= self._random.uniform(0.08, 0.22) / np.linalg.norm(offset)
        wrist = hand.wrist_m + offset
        wrist[2] = max(wrist[2], 0.15)
        look = hand.appearance if self._random.random() < 0.7 else other.appearance
        return replace(other, wrist_m=wrist, appearance=look)


def hand_to_camera(hand: SceneHand) -> np.ndarray:
    """(4, 4) from the right hand's wrist frame (before mirroring) to the camera frame."""
    matrix = np.eye(4)
    matrix[:3, :3] = hand.rotation * mirror_of(hand.handedness)
    matrix[:3, 3] = hand.wrist_m
    return matrix
