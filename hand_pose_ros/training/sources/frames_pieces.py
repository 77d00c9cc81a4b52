"""Pieces of pictures that are laid on others: cut out around a hand, without hands, in other colours."""

from __future__ import annotations

import cv2
import numpy as np

from hand_pose_ros.training.sources.frames_canvas import Canvas, Picture
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND, NOTHING


def cut(picture: Picture, hand: int, margins: np.ndarray) -> Picture:
    """The part around one hand: its box and ``margins`` (4,) in its extents to the left, above, right and below."""
    low, high = picture.keypoints_px[hand].min(axis=0), picture.keypoints_px[hand].max(axis=0)
    grown = margins.reshape(2, 2) * (high - low).max()
    height, width = picture.image.shape[:2]
    x0, y0 = np.clip(np.floor(low - grown[0]), 0, (width - 2, height - 2)).astype(int)
    x1, y1 = np.clip(np.ceil(high + grown[1]), (x0 + 2, y0 + 2), (width, height)).astype(int)
    points = picture.keypoints_px - (x0, y0)
    inside = ((points >= 0) & (points < (x1 - x0, y1 - y0))).all(axis=2).mean(axis=1)
    state = np.where((inside < 0.6) & (picture.state == HAND), DOUBTFUL, picture.state)
    return Picture(
        picture.image[y0:y1, x0:x1], points, np.where(inside > 0, state, NOTHING), picture.right, picture.real
    )


def without_hands(picture: Picture, texture: np.ndarray) -> Picture:
    """The picture with all of its hands erased."""
    canvas = Canvas(*picture.image.shape[1::-1])
    canvas.lay(picture, 1.0, 0.0, np.zeros(2), np.zeros(2))
    for number in np.flatnonzero(canvas.state):
        canvas.erase(number, texture, 2.0)
    return Picture(canvas.image)


def tinted(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Other brightness, contrast, white balance and saturation, each by about a quarter."""
    keep = generator.uniform(0.6, 1.25) if generator.random() < 0.95 else 0.0
    gain = np.exp(generator.normal(0, 0.12) + generator.normal(0, 0.05, 3))
    mixing = np.diag(gain) @ (keep * np.eye(3) + (1 - keep) / 3)
    return cv2.transform(np.ascontiguousarray(image), np.column_stack([mixing, np.full(3, generator.normal(0, 10))]))
