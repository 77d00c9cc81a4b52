"""Whole images with any number of hands, for the localiser and for end-to-end evaluation.

>>> frames = FrameRenderer("/path/to/makehuman", width=320, height=240, seed=0)
>>> frames.frame().image.shape
(240, 320, 3)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.rotations import random_rotations
from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.body_template import BodyTemplate
from hand_pose_ros.training.renderer.bystanders import random_face, random_foot
from hand_pose_ros.training.renderer.compositing import composite
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.looks import random_appearances, random_lights
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.motion import upright
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.people import People, Person
from hand_pose_ros.training.renderer.persons import Persons
from hand_pose_ros.training.renderer.random_scene import hand_to_camera
from hand_pose_ros.training.renderer.scene import HandLabels, Scene, SceneBody, SceneHand, mirror_of, placed, render
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.sensor import expose, random_sensors
from hand_pose_ros.training.renderer.shape_pool import ShapePool
from hand_pose_ros.training.split import ALL

HANDS = (0.10, 0.50, 0.32, 0.08)
"""Shares of images with 0, 1, 2, 3 hands."""
NEAR_M, FAR_M, APART_M = 0.25, 2.0, 0.16
FOV_DEGREES = (42.0, 95.0)
RAISED = 0.6
"""Share of hands that are raised, more or less; the others point anywhere."""
HELD, MOST_THINGS = 0.12, 4


@dataclass(frozen=True)
class PersonSettings:
    """Visible persons to whom hands belong."""

    share: float = 0.75
    """Images with hands in which a person is looked for."""
    tries: int = 6
    """Hands tried until somebody can stand behind one."""
    far_m: float = 1.6
    """Farthest such hand."""


NEARBY, WHOLE_PERSONS = PersonSettings(), PersonSettings(1.0, 12, 3.5)


@dataclass(frozen=True)
class Frame:
    """One image with all its hands; hands without a visible joint are not in ``labels``."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    labels: list[HandLabels]
    camera_matrix: np.ndarray
    """(3, 3) K."""


class FrameRenderer:
    """Random images; the same seed gives the same images on the same machine."""

    def __init__(
        self, makehuman: str | Path | None = None, width: int = 320, height: int = 240, seed: int = 0,
        backgrounds: Iterable[Path] = (), subdivisions: int = 0, supersampling: int = 1, split: str = ALL,
        persons: PersonSettings = NEARBY,
    ):  # fmt: skip
        self._random, self._width, self._height = np.random.default_rng(seed), width, height
        self._person_settings = persons
        folder = MakeHumanFolder(makehuman)
        template, bodies = HandTemplate(folder, subdivisions), BodyTemplate(folder)
        self._painter = Painter(template, width, height, supersampling, bodies=bodies)
        self._shapes = ShapePool(self._random, template, self._painter, split)
        self._people = People(self._random, self._shapes, SceneSettings(held=HELD, split=split))
        self._persons = Persons(self._random, bodies, template, self._painter)
        self._backgrounds = Backgrounds(self._random, backgrounds)

    def frame(self) -> Frame:
        """The next image."""
        background = self._backgrounds.take(self._width, self._height)
        sensor, camera = random_sensors(self._random, min(self._width, self._height) // 2, 1)[0], self._camera()
        scene = self._scene(camera)
        if not (scene.hands or scene.bodies):
            return Frame(expose(background, sensor, self._random), [], camera)
        layers, labels = render(self._painter, scene)
        image = expose(composite(layers.colour[0], background), sensor, self._random)
        return Frame(image, [label for label in labels if label.visible.any()], camera)

    def _camera(self) -> np.ndarray:
        fov = np.radians(self._random.uniform(*FOV_DEGREES))
        focal = 0.5 * self._width / np.tan(0.5 * fov)
        return np.array([[focal, 0, (self._width - 1) / 2], [0, focal, (self._height - 1) / 2], [0, 0, 1.0]])

    def _scene(self, camera: np.ndarray) -> Scene:
        """Hands that do not stand in each other; some of those asked for may find no room. Some belong to somebody."""
        lights, count = random_lights(self._random, 1)[0], self._random.choice(len(HANDS), p=HANDS)
        people = self._people.take(count + 2 * self._person_settings.tries)
        if not count:
            return Scene([], camera, lights, bodies=self._bystander())
        placed_people, bodies = [], []
        if self._random.random() < self._person_settings.share:
            placed_people, bodies = self._person(camera, people[count:])
        for person in people[len(placed_people) : count]:
            hand = self._hand(camera, person, FAR_M)
            if all(np.linalg.norm(hand.wrist_m - other.wrist_m) > APART_M for other, _ in placed_people):
                placed_people.append((hand, person))
        things = [
            self._people.grasps.thing(self._random, person.grasp, hand_to_camera(hand))
            for hand, person in placed_people
            if person.grasp is not None
        ]
        return Scene([hand for hand, _ in placed_people], camera, lights, things[:MOST_THINGS], bodies)

    def _person(self, camera: np.ndarray, people: list[Person]):
        """[(hand, pose)] of both hands of a person and [body], or nothing if none of the hands tried lets anybody
        stand there."""
        for first, second in zip(people[::2], people[1::2], strict=True):
            hand = self._hand(camera, first, self._person_settings.far_m)
            body = self._persons.behind(hand, placed([hand])[0], 0)
            if body:
                return [(hand, first), (self._persons.other_hand(hand, body, second), second)], [body]
        return [], []

    def _bystander(self) -> list[SceneBody]:
        """Half of the images without hands show a face or feet."""
        if self._random.random() < 0.5:
            return []
        maker = random_face if self._random.random() < 0.7 else random_foot
        look = random_appearances(self._random, self._shapes.skins, 1)[0]
        return [SceneBody(maker(self._random, self._persons, look)[0])]

    def _hand(self, camera: np.ndarray, person: Person, farthest_m: float) -> SceneHand:
        side = LEFT if self._random.random() < 0.5 else RIGHT
        rotation = self._rotation(side)
        distance = np.exp(self._random.uniform(np.log(NEAR_M), np.log(farthest_m)))
        pixel = self._random.uniform((0, 0, 1), (self._width, self._height, 1))
        middle = (person.posed.joints[0] * mirror_of(side)).mean(axis=0)
        wrist = distance * np.linalg.solve(camera, pixel) - rotation @ middle
        look = random_appearances(self._random, self._shapes.skins, 1)[0]
        return SceneHand(person.mesh_id, person.rest, person.angles, side, rotation, wrist, look, person.posed)

    def _rotation(self, side: str) -> np.ndarray:
        if self._random.random() > RAISED:
            return random_rotations(self._random, 1)[0]
        return upright(side, self._random.uniform(-180, 180), *self._random.normal(0, (35, 45)))
