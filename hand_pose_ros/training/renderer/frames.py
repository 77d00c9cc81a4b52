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
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.looks import random_appearance, random_lights
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.motion import upright
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.people import People
from hand_pose_ros.training.renderer.scene import HandLabels, SceneHand, composite, mirror_of, render
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.sensor import expose, random_sensor
from hand_pose_ros.training.renderer.shape_pool import ShapePool
from hand_pose_ros.training.split import ALL

HANDS = (0.10, 0.50, 0.32, 0.08)
"""Shares of images with 0, 1, 2, 3 hands."""
NEAR_M, FAR_M, APART_M = 0.25, 2.0, 0.16
FOV_DEGREES = (42.0, 95.0)
RAISED = 0.6
"""Share of hands that are raised, more or less; the others point anywhere."""


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
    ):  # fmt: skip
        self._random, self._width, self._height = np.random.default_rng(seed), width, height
        template = HandTemplate(MakeHumanFolder(makehuman), subdivisions)
        self._painter = Painter(template, width, height, supersampling)
        self._shapes = ShapePool(self._random, template, self._painter, split)
        self._people = People(self._random, self._shapes, SceneSettings(held=0.0, split=split))
        self._backgrounds = Backgrounds(self._random, backgrounds)

    def frame(self) -> Frame:
        """The next image."""
        background = self._backgrounds.take(self._width, self._height)
        sensor, camera = random_sensor(self._random, min(self._width, self._height) // 2), self._camera()
        hands = self._hands(camera)
        if not hands:
            return Frame(expose(background, sensor, self._random), [], camera)
        layers, labels = render(self._painter, hands, camera, random_lights(self._random))
        image = expose(composite(layers, background), sensor, self._random)
        return Frame(image, [label for label in labels if label.visible.any()], camera)

    def _camera(self) -> np.ndarray:
        fov = np.radians(self._random.uniform(*FOV_DEGREES))
        focal = 0.5 * self._width / np.tan(0.5 * fov)
        return np.array([[focal, 0, (self._width - 1) / 2], [0, focal, (self._height - 1) / 2], [0, 0, 1.0]])

    def _hands(self, camera: np.ndarray) -> list[SceneHand]:
        """Hands that do not stand in each other; some of those asked for may find no room."""
        hands: list[SceneHand] = []
        for _ in range(self._random.choice(len(HANDS), p=HANDS)):
            hand = self._hand(camera)
            if all(np.linalg.norm(hand.wrist_m - other.wrist_m) > APART_M for other in hands):
                hands.append(hand)
        return hands

    def _hand(self, camera: np.ndarray) -> SceneHand:
        person = self._people.next()
        side = LEFT if self._random.random() < 0.5 else RIGHT
        rotation = self._rotation(side)
        distance = np.exp(self._random.uniform(np.log(NEAR_M), np.log(FAR_M)))
        pixel = self._random.uniform((0, 0, 1), (self._width, self._height, 1))
        middle = (person.posed.joints[0] * mirror_of(side)).mean(axis=0)
        wrist = distance * np.linalg.solve(camera, pixel) - rotation @ middle
        look = random_appearance(self._random, self._shapes.skins)
        return SceneHand(person.mesh_id, person.rest, person.angles, side, rotation, wrist, look, person.posed)

    def _rotation(self, side: str) -> np.ndarray:
        if self._random.random() > RAISED:
            return random_rotations(self._random, 1)[0]
        return upright(side, self._random.uniform(-180, 180), *self._random.normal(0, (35, 45)))
