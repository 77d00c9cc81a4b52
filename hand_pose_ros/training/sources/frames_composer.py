"""``FrameComposer``: training images for the localiser without end, from stored frames and from background pictures.

Rendered frames are zoomed and turned; photographs, which show hands from near, are laid down at any size on frames,
backgrounds and each other, so that their hands are seen from afar too. Hands are covered and cut off by the border;
patches without hands are laid down like those with hands, and hands are erased from frames and photographs, so that
neither a patch's border nor an arm or a face says that there is a hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.sensor import expose, random_sensor
from hand_pose_ros.training.sources.composer_settings import ComposerSettings
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_canvas import Canvas, Picture
from hand_pose_ros.training.sources.frames_crops import CropPictures
from hand_pose_ros.training.sources.frames_pieces import cut, tinted, without_hands
from hand_pose_ros.training.sources.frames_store import HAND, FrameStore

SLOTS = 8
"""Hands of an image that are kept."""
ASPECTS = ((4 / 3, 0.45), (16 / 9, 0.25), (1.0, 0.15), (3 / 4, 0.15))
"""Width over height of the images, and how often."""
ZOOM, SHRINK = (-0.1, 0.9), (-0.9, 0.4)
"""Ranges of the logarithm of the scale over that at which a frame, or a photograph, just covers the image."""


PATCHES = (0.41, 0.29, 0.18, 0.12)
"""How often one, two, three or four patches are laid on a picture without hands."""
LARGEST_SCALE = 1.6
"""How much patches may be enlarged."""


class FrameComposer:
    """Draws training images of ``size`` px. ``photographs``, ``crops`` and ``persons`` may be None."""

    def __init__(
        self, rendered: FrameStore, photographs: FrameStore | None, backgrounds: Sequence[Path], size: int,
        seed: int = 0, settings: ComposerSettings | None = None,
        crops: CropPictures | None = None, persons: FrameStore | None = None,
    ):  # fmt: skip
        self._random, self._size = np.random.default_rng(seed), size
        self._settings = settings = settings or ComposerSettings()
        self._rendered, self._photographs, self._crops, self._persons = rendered, photographs, crops, persons
        self._backgrounds = Backgrounds(self._random, backgrounds, settings.pool, settings.files)

    def batch(self, count: int) -> FrameBatch:
        """The next ``count`` images."""
        return batched([self._image() for _ in range(count)], self._size)

    def _image(self) -> Canvas:
        chance, settings = self._random.random, self._settings
        shapes, shares = zip(*ASPECTS, strict=True)
        aspect = shapes[self._random.choice(len(shapes), p=shares)]
        canvas = Canvas(round(self._size * min(aspect, 1.0)), round(self._size / max(aspect, 1.0)))
        kind = chance()
        if kind < settings.background:
            canvas.image = self._background(*canvas.image.shape[1::-1])
            patches = 0 if chance() < settings.bare else self._random.choice(4, p=PATCHES) + 1
        else:
            real = self._photographs is not None and kind < settings.background + settings.photograph
            self._fill(canvas, self._picture(real))
            patches = self._random.integers(1, 4) if chance() < settings.patches else 0
        for number in np.flatnonzero(canvas.state):
            if chance() < settings.erased:
                canvas.erase(number, self._background(64, 64), self._random.uniform(0, 4))
        for _ in range(patches):
            self._patch(canvas)
        return self._seen(canvas)

    def _picture(self, real: bool) -> Picture:
        return Picture.of_row((self._photographs if real else self._rendered_store()).take(1), 0, real)

    def _rendered_store(self) -> FrameStore:
        persons = self._persons is not None and self._random.random() < self._settings.persons
        return self._persons if persons else self._rendered

    def _background(self, width: int, height: int) -> np.ndarray:
        return self._backgrounds.take(width, height)

    def _angle(self) -> float:
        any_roll = self._random.random() < self._settings.any_roll
        return (
            self._random.uniform(-np.pi, np.pi)
            if any_roll
            else np.radians(self._random.normal(0, self._settings.roll_deg))
        )

    def _fill(self, canvas: Canvas, picture: Picture):
        """Cover the canvas: the picture about as large as the canvas, or a part of it zoomed around a hand."""
        height, width = canvas.image.shape[:2]
        rows, columns = picture.image.shape[:2]
        cover = max(width / columns, height / rows)
        # Photographs were taken from near: some are shrunk, and their edge pixels drawn out to the image's border.
        scale = cover * np.exp(self._random.uniform(*(SHRINK if picture.real else ZOOM)))
        here, there = np.array([width, height]) * self._random.uniform(0.2, 0.8, 2), np.array([columns, rows]) / 2
        if len(picture.state) and self._random.random() < 0.7:
            there = picture.keypoints_px[self._random.integers(len(picture.state))].mean(axis=0)
        # Not so far to the side that the picture's edge pixels fill the canvas.
        slack = np.array([columns, rows]) * scale
        low, high = np.array([width, height]) - slack, np.zeros(2)
        start = np.clip(here - there * scale, np.minimum(low, high), np.maximum(low, high))
        canvas.lay(picture, scale, self._angle(), start + there * scale, there)

    def _patch(self, canvas: Canvas):
        """Lay down a hand, cut out or with what is around it, or a part of a picture without one, at any size."""
        settings = self._settings
        share = np.exp(self._random.uniform(np.log(settings.smallest), np.log(settings.largest)))
        size, soft = share * max(canvas.image.shape), self._random.choice([0.0, self._random.uniform(0, 4)])
        picture, hand = self._patch_picture()
        if hand is None:
            scale, there = size * 2 / max(picture.image.shape[:2]), np.array(picture.image.shape[1::-1]) / 2
        else:
            scale, there = size / max(picture.extents[hand], 1.0), picture.keypoints_px[hand].mean(axis=0)
        here = self._random.uniform(0, 1, 2) * canvas.image.shape[1::-1]
        picture.image = tinted(picture.image, self._random)
        canvas.lay(picture, min(scale, LARGEST_SCALE), self._angle(), here, there, soft)

    def _patch_picture(self) -> tuple[Picture, int | None]:
        """A picture to lay down, and which of its hands it is laid down for."""
        chance, settings = self._random.random, self._settings
        if chance() < settings.empty_patch:
            return self._empty_picture(), None
        if self._crops is not None and chance() < settings.cut_out:
            return self._crops.take(), 0
        picture = self._picture(self._photographs is not None and chance() < settings.real_patch)
        hands = np.flatnonzero(picture.state == HAND)
        if not len(hands):
            return without_hands(picture, self._background(64, 64)), None
        hand = self._random.choice(hands)
        return cut(picture, hand, self._random.uniform(0.15, 1.5, 4)), hand

    def _empty_picture(self) -> Picture:
        side = int(self._random.integers(48, 160))
        if self._random.random() < 0.4:
            return Picture(self._background(side, side))
        real = self._photographs is not None and self._random.random() < self._settings.real_patch
        return without_hands(self._picture(real), self._background(64, 64))

    def _seen(self, canvas: Canvas) -> Canvas:
        if self._random.random() < 0.5:
            canvas.mirror()
        canvas.image = tinted(canvas.image, self._random)
        if self._random.random() < self._settings.exposed:
            canvas.image = expose(canvas.image, random_sensor(self._random, self._size // 2), self._random)
        canvas.settle()
        return canvas


def batched(canvases: Sequence[Canvas], size: int) -> FrameBatch:
    """The canvases, each in the middle of a black square as ``crop.letterbox`` puts images."""
    images = np.zeros((len(canvases), size, size, 3), np.uint8)
    keypoints, state = np.zeros((len(canvases), SLOTS, 21, 2), np.float32), np.zeros((len(canvases), SLOTS), np.int64)
    right = np.full((len(canvases), SLOTS), 0.5, np.float32)
    for row, canvas in enumerate(canvases):
        height, width = canvas.image.shape[:2]
        left, top = (size - width) // 2, (size - height) // 2
        images[row, top : top + height, left : left + width] = canvas.image
        shown = np.flatnonzero(canvas.state)[:SLOTS]
        keypoints[row, : len(shown)] = (canvas.keypoints[shown] + (left, top) + 0.5) / size
        state[row, : len(shown)], right[row, : len(shown)] = canvas.state[shown], canvas.right[shown]
    pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    real = torch.tensor([float(canvas.real) for canvas in canvases])
    return FrameBatch(pixels, torch.from_numpy(keypoints), torch.from_numpy(state), torch.from_numpy(right), real)
