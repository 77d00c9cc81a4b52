"""Random scenes for crops: who, in which pose, seen from where, holding what, beside whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.bystanders import random_face, random_foot
from hand_pose_ros.training.renderer.held import random_occluder
from hand_pose_ros.training.renderer.looks import random_appearances, random_lights
from hand_pose_ros.training.renderer.people import People, Person
from hand_pose_ros.training.renderer.persons import Persons
from hand_pose_ros.training.renderer.scene import Scene, SceneBody, SceneHand, mirror_of, placed, project
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.shape_pool import ShapePool
from hand_pose_ros.training.renderer.viewpoint import crop_cameras, random_views

# Without a hand: an arm, up to here; a face or a foot, up to here; else a background alone.
ABSENT_ARM, ABSENT_SKIN = 0.35, 0.70


@dataclass(frozen=True)
class RandomScene:
    """A scene before its background. The labels are about its first hand, if that is ``present``."""

    scene: Scene | None
    """None for a background alone."""
    background: np.ndarray
    present: bool


@dataclass(frozen=True)
class ViewedHand:
    """A hand, the crop's camera on it, and the number of the object it holds."""

    hand: SceneHand
    camera_matrix: np.ndarray
    grasp: int | None


class SceneSampler:
    """Draws scenes of ``size`` px crops."""

    def __init__(
        self, generator, shapes: ShapePool, persons: Persons, size: int, settings: SceneSettings,
        backgrounds: Iterable[Path] = (),
    ):  # fmt: skip
        self._random, self._shapes, self._size, self._settings = generator, shapes, size, settings
        self._backgrounds = Backgrounds(generator, backgrounds)
        self._people, self._persons = People(generator, shapes, settings), persons

    def scenes(self, count: int) -> list[RandomScene]:
        """The next scenes."""
        settings, chance = self._settings, self._random.random
        lights, absent, beside = random_lights(self._random, count), chance(count) < settings.empty, chance(count)
        paired = np.flatnonzero(beside < settings.second_hand)
        personal = np.flatnonzero(chance(count) < settings.person)
        people = self._people.take(count + len(paired) + len(personal))
        viewed = self._viewed(people[: count + len(paired)])
        others = dict(zip(paired.tolist(), viewed[count:], strict=True))
        arms = dict(zip(personal.tolist(), people[count + len(paired) :], strict=True))
        return [
            self._absent(viewed[k], lights[k])
            if absent[k]
            else self._present(viewed[k], others.get(k), arms.get(k), lights[k])
            for k in range(count)
        ]

    def _present(self, viewed: ViewedHand, other: ViewedHand | None, arm: Person | None, lights) -> RandomScene:
        hand, things, bodies = viewed.hand, [], []
        if viewed.grasp is not None:
            things.append(self._people.grasps.thing(self._random, viewed.grasp, hand_to_camera(hand)))
        elif self._random.random() < self._settings.occluder:
            things.append(random_occluder(self._random, hand.joints_m()))
        hands = [hand] if other is None else [hand, self._neighbour(hand, other.hand)]
        body = self._persons.behind(hand, placed([hand])[0], 0) if arm else None
        if body:
            bodies.append(body)
            hands.append(self._persons.other_hand(hand, body, arm))
        return RandomScene(Scene(hands, viewed.camera_matrix, lights, things, bodies), self._background(), True)

    def _absent(self, viewed: ViewedHand, lights) -> RandomScene:
        """A background alone, a face, a foot, or an arm whose hand is outside."""
        kind, scene = self._random.random(), None
        if kind < ABSENT_ARM:
            scene = self._arm(viewed.hand, lights)
        elif kind < ABSENT_SKIN:
            maker = random_face if self._random.random() < 0.7 else random_foot
            body, around = maker(self._random, self._persons, viewed.hand.appearance)
            matrix = crop_cameras(self._random, self._settings.view, around[None], self._size)[0]
            scene = Scene([], matrix, lights, bodies=[SceneBody(body)])
        return RandomScene(scene, self._background(), False)

    def _arm(self, hand: SceneHand, lights) -> Scene | None:
        matrix = self._around_the_arm(hand)
        hidden = (np.abs(2 * project(matrix, hand.joints_m()) / self._size - 1) > 1.1).any(axis=1).all()
        return Scene([hand], matrix, lights) if hidden else None

    def _background(self) -> np.ndarray:
        return self._backgrounds.take(self._size, self._size)

    def _viewed(self, people: list[Person]) -> list[ViewedHand]:
        count = len(people)
        sides = [LEFT if left else RIGHT for left in self._random.random(count) < self._settings.left]
        joints = np.array([p.posed.joints[0] * mirror_of(side) for p, side in zip(people, sides, strict=True)])
        views = random_views(self._random, self._settings.view, joints, self._size)
        looks = random_appearances(self._random, self._shapes.skins, count)
        hands = [
            SceneHand(p.mesh_id, p.rest, p.angles, sides[k], views.rotations[k], views.wrists_m[k], looks[k], p.posed)
            for k, p in enumerate(people)
        ]
        return [ViewedHand(hands[k], views.camera_matrices[k], p.grasp) for k, p in enumerate(people)]

    def _around_the_arm(self, hand: SceneHand) -> np.ndarray:
        """K of a crop around the forearm or elbow instead of the hand."""
        along = hand.rotation @ (hand.rest.elbow[0] * mirror_of(hand.handedness))
        middle = hand.wrist_m + along * self._random.uniform(0.7, 1.3)
        around = middle + self._random.normal(0, 0.04, (1, 21, 3))
        return crop_cameras(self._random, self._settings.view, around, self._size)[0]

    def _neighbour(self, hand: SceneHand, other: SceneHand) -> SceneHand:
        """A second hand within a hand's length, of the same person more often than not."""
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
