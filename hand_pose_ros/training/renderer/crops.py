"""Crops of rendered hands without end, as numpy arrays for training, nothing written to disk.

>>> crops = CropRenderer("/path/to/makehuman", size=128, seed=0)      # one per process
>>> crops.batch(64).images.shape
(64, 128, 128, 3)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.renderer.body_template import BodyTemplate
from hand_pose_ros.training.renderer.compositing import composite
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.persons import Persons
from hand_pose_ros.training.renderer.placed_hand import HAND_STEP
from hand_pose_ros.training.renderer.random_scene import RandomScene, SceneSampler
from hand_pose_ros.training.renderer.scene import render_all
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.sensor import expose, random_sensors
from hand_pose_ros.training.renderer.shape_pool import ShapePool

# A hand of which the camera sees fewer joints (its own arm before it, say) is left out.
FEWEST_VISIBLE = 4
AT_ONCE = 32


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
    19 object, 20 skin of a person's body, 21 their eyes, 22 clothes, 23 hair, 32 another hand."""
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
    """Random crops of ``size`` px; the same seed gives the same crops on the same machine, in batches of any size.

    Raises FileNotFoundError without the MakeHuman files and ``NoContextError`` without OpenGL.
    """

    def __init__(
        self, makehuman: str | Path | None = None, size: int = 128, seed: int | Sequence[int] = 0,
        settings: SceneSettings | None = None, backgrounds: Iterable[Path] = (), subdivisions: int = 0,
        supersampling: int = 1,
    ):  # fmt: skip
        self._random, self._size = np.random.default_rng(seed), size
        settings = settings or SceneSettings()
        folder = MakeHumanFolder(makehuman)
        template, bodies = HandTemplate(folder, subdivisions), BodyTemplate(folder)
        self._painter = Painter(template, size, size, supersampling, AT_ONCE, bodies)
        shapes = ShapePool(self._random, template, self._painter, settings.split)
        persons = Persons(self._random, bodies, template, self._painter)
        self._scenes = SceneSampler(self._random, shapes, persons, size, settings, backgrounds)
        self._rows: deque[tuple] = deque()

    def batch(self, count: int) -> CropBatch:
        """The next ``count`` crops."""
        while len(self._rows) < count:
            self._rows.extend(self._drawn())
        rows = [self._rows.popleft() for _ in range(count)]
        return CropBatch(*(np.stack(column) for column in zip(*rows, strict=True)))

    def _drawn(self) -> list[tuple]:
        """Some crops; always as many scenes at once, so that the batches asked for do not matter."""
        scenes = self._scenes.scenes(self._painter.tiles)
        sensors = random_sensors(self._random, self._size, len(scenes))
        drawn = [k for k, scene in enumerate(scenes) if scene.scene]
        layers, labels = render_all(self._painter, [scenes[k].scene for k in drawn])
        place = {k: n for n, k in enumerate(drawn)}
        rows = []
        for k, scene in enumerate(scenes):
            label = labels[place[k]][0] if scene.present else None
            if scene.present and label.visible.sum() < FEWEST_VISIBLE:
                continue
            image = composite(layers.colour[place[k]], scene.background) if k in place else scene.background
            image = expose(image, sensors[k], self._random)
            row = self._row(scene, image, layers, place[k], label) if scene.present else self._without_hand(image)
            rows.append(row)
        return rows

    def _row(self, scene: RandomScene, image, layers, place: int, label) -> tuple:
        return (
            image, label.keypoints_px.astype(np.float32), label.joints_m.astype(np.float32), label.visible,
            np.minimum(layers.segments[place], HAND_STEP), layers.depth_m[place],
            scene.scene.camera_matrix.astype(np.float32), np.bool_(label.handedness == LEFT), np.True_,
            np.float32(label.hand_scale_m),
        )  # fmt: skip

    def _without_hand(self, image) -> tuple:
        flat = np.zeros((self._size, self._size), np.float32)
        return (
            image, np.zeros((21, 2), np.float32), np.zeros((21, 3), np.float32), np.zeros(21, bool),
            flat.astype(np.uint8), flat, np.eye(3, dtype=np.float32), np.False_, np.False_, np.float32(0),
        )  # fmt: skip
