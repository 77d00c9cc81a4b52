"""A pool of hand shapes on the GPU that slowly changes, because a new shape costs as much as a crop."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.skeleton import RestHand
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.shape import random_shape

RENEWAL = 1 / 16


class ShapePool:
    """``count`` random shapes; each ``take`` renews one of them with probability 1/16."""

    def __init__(self, generator: np.random.Generator, template: HandTemplate, painter: Painter, count: int = 48):
        self._random, self._template, self._painter = generator, template, painter
        self.skin_count = len(template.folder.skins)
        meshes = [template.shaped(random_shape(generator)) for _ in range(count)]
        self._shapes = {painter.upload(mesh): mesh.hand for mesh in meshes}
        self._ids = list(self._shapes)

    def take(self) -> tuple[int, RestHand]:
        """Number and skeleton of a random shape of the pool."""
        number = self._ids[self._random.integers(len(self._ids))]
        if self._random.random() < RENEWAL:
            mesh = self._template.shaped(random_shape(self._random))
            self._painter.replace(number, mesh)
            self._shapes[number] = mesh.hand
        return number, self._shapes[number]
