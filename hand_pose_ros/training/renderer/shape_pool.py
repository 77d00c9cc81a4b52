"""A pool of hand shapes on the GPU that slowly changes, because a new shape costs half as much as a crop."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.skeleton import RestHand
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.shape import random_shape
from hand_pose_ros.training.split import ALL, part_of


class ShapePool:
    """``count`` random shapes on the GPU, and the numbers of the skins they may wear."""

    def __init__(
        self, generator: np.random.Generator, template: HandTemplate, painter: Painter, split: str = ALL,
        count: int = 48,
    ):  # fmt: skip
        self._random, self._template, self._painter = generator, template, painter
        self.skins = part_of(range(len(template.folder.skins)), split)
        meshes = [template.shaped(random_shape(generator)) for _ in range(count)]
        self._shapes = {painter.upload(mesh): mesh.hand for mesh in meshes}
        self._ids = list(self._shapes)

    def renew(self, count: int):
        """Replace ``count`` shapes by new ones; hands taken before must have been drawn."""
        for number in self._random.choice(self._ids, size=count, replace=False):
            mesh = self._template.shaped(random_shape(self._random))
            self._painter.replace(int(number), mesh)
            self._shapes[int(number)] = mesh.hand

    def take(self, count: int) -> tuple[np.ndarray, RestHand]:
        """Shape numbers (count,) at random and their skeletons as a batch."""
        numbers = self._random.choice(self._ids, size=count)
        return numbers, RestHand.stacked([self._shapes[int(number)] for number in numbers])
