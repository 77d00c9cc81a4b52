"""Crops of rendered hands without end, as numpy arrays for training, nothing written to disk.

>>> crops = CropRenderer("/path/to/makehuman", size=128, seed=0)      # one per process
>>> crops.batch(64).images.shape
(64, 128, 128, 3)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.placed_hand import HAND_STEP
from hand_pose_ros.training.renderer.random_scene import RandomScene, SceneSampler, SceneSettings
from hand_pose_ros.training.renderer.scene import composite, render
from hand_pose_ros.training.renderer.sensor import expose, random_sensor
from hand_pose_ros.training.renderer.shape_pool import ShapePool

# A hand of which the camera sees fewer joints (its own arm before it, say) is drawn again.
FEWEST_VISIBLE, RETRIES = 4, 5


@dataclass(frozen=True)
class CropBatch:
    """N crops of S pixels with exact labels. Rows without a hand (``present`` False) hold zeros (K: identity)."""

    images: np.ndarray
    """(N, S, S, 3) uint8 RGB."""
    keypoints_px: np.ndarray
    """(N, 21, 2) float32 pixels of the crop, centre of the top-left pixel is (0, 0)."""
    joints_m: np.ndarray
    """(N, 21, 3) float32 metres, camera optical frame."""
    visible: np.ndarray
    """(N, 21) bool: in the crop and not hidden."""
    segments: np.ndarray
    """(N, S, S) uint8: 0 none, 1 palm, 2-16 phalanges thumb to little finger, base to tip, 17 arm, 18 sleeve,
    19 object, 32 another hand."""
    depth_m: np.ndarray
    """(N, S, S) float32 metres along z, 0 where neither hand nor object is."""
    camera_matrix: np.ndarray
    """(N, 3, 3) float32 K of the crop."""
    left: np.ndarray
    """(N,) bool: the person's own left hand."""
    present: np.ndarray
    """(N,) bool: the crop shows a hand."""
    hand_scale_m: np.ndarray
    """(N,) float32 wrist to middle MCP."""


class CropRenderer:
    """Random crops of ``size`` px; the same seed gives the same crops on the same machine.

    Raises FileNotFoundError without the MakeHuman files and ``NoContextError`` without OpenGL.
    """

    def __init__(
        self, makehuman: str | Path | None = None, size: int = 128, seed: int = 0,
        settings: SceneSettings | None = None, backgrounds: Iterable[Path] = (), subdivisions: int = 0,
        supersampling: int = 1,
    ):  # fmt: skip
        self._random, self._size = np.random.default_rng(seed), size
        template = HandTemplate(MakeHumanFolder(makehuman), subdivisions)
        self._painter = Painter(template, size, size, supersampling)
        settings = settings or SceneSettings()
        shapes = ShapePool(self._random, template, self._painter, settings.split)
        self._scenes = SceneSampler(self._random, shapes, size, settings, backgrounds)

    def batch(self, count: int) -> CropBatch:
        """The next ``count`` crops."""
        rows = [self._crop() for _ in range(count)]
        return CropBatch(*(np.stack(column) for column in zip(*rows, strict=True)))

    def _crop(self) -> tuple:
        for _ in range(RETRIES):
            row = self._attempt()
            if row is not None:
                break
        return row or self._without_hand(self._scenes.background())

    def _attempt(self) -> tuple | None:
        """One crop, or None if its hand turned out to be hidden."""
        scene = self._scenes.scene()
        sensor = random_sensor(self._random, self._size)
        if not scene.hands:
            return self._without_hand(expose(scene.background, sensor, self._random))
        layers, labels = render(self._painter, scene.hands, scene.camera_matrix, scene.lights, scene.things)
        image = expose(composite(layers, scene.background), sensor, self._random)
        if not scene.present:
            return self._without_hand(image)
        return self._row(scene, image, layers, labels[0]) if labels[0].visible.sum() >= FEWEST_VISIBLE else None

    def _row(self, scene: RandomScene, image, layers, label) -> tuple:
        segments = np.where(layers.segments >= HAND_STEP, HAND_STEP, layers.segments).astype(np.uint8)
        return (
            image, label.keypoints_px.astype(np.float32), label.joints_m.astype(np.float32), label.visible, segments,
            layers.depth_m, scene.camera_matrix.astype(np.float32), np.bool_(label.handedness == LEFT), np.True_,
            np.float32(label.hand_scale_m),
        )  # fmt: skip

    def _without_hand(self, image) -> tuple:
        flat = np.zeros((self._size, self._size), np.float32)
        return (
            image, np.zeros((21, 2), np.float32), np.zeros((21, 3), np.float32), np.zeros(21, bool),
            flat.astype(np.uint8), flat, np.eye(3, dtype=np.float32), np.False_, np.False_, np.float32(0),
        )  # fmt: skip
