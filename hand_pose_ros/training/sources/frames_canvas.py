"""One training image in the making: pictures are laid over each other and their hands' labels go along."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND, NOTHING

FEWEST_INSIDE = 8
"""Keypoints in the image without which a hand is doubtful."""
COVERED_DOUBTFUL, COVERED_GONE = 0.35, 0.9
"""Shares of a hand's keypoints that something covers."""
SMALLEST_PX = 8.0
"""Extent of a hand below which it is doubtful."""


@dataclass
class Picture:
    """An image (H, W, 3) with hands: keypoints_px (M, 21, 2), state (M,), right (M,); ``mask`` (H, W) uint8 of what
    is laid down of it, None: all."""

    image: np.ndarray
    keypoints_px: np.ndarray = field(default_factory=lambda: np.zeros((0, 21, 2)))
    state: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    right: np.ndarray = field(default_factory=lambda: np.zeros(0))
    real: bool = False
    mask: np.ndarray | None = None

    @classmethod
    def of_row(cls, rows: dict[str, np.ndarray], index: int, real: bool) -> Picture:
        """Row ``index`` of what a ``FrameStore`` returns, without its border and its empty slots."""
        width, height = rows["area"][index]
        shown = rows["state"][index] != NOTHING
        return cls(
            rows["images"][index, :height, :width], rows["keypoints_px"][index][shown].astype(np.float64),
            rows["state"][index][shown].astype(int), rows["right"][index][shown].astype(np.float64), real,
        )  # fmt: skip

    @property
    def extents(self) -> np.ndarray:
        """(M,) longer sides of the hands' boxes, pixels."""
        return np.ptp(self.keypoints_px, axis=1).max(axis=1) if len(self.state) else np.zeros(0)


class Canvas:
    """A picture of ``width`` x ``height`` pixels that others are laid on."""

    def __init__(self, width: int, height: int):
        self.image = np.zeros((height, width, 3), np.uint8)
        self.keypoints, self.state, self.right = np.zeros((0, 21, 2)), np.zeros(0, int), np.zeros(0)
        self.real = False

    def lay(self, picture: Picture, scale: float, angle: float, here: np.ndarray, there: np.ndarray, soft: float = -1):
        """Lay ``picture`` down, scaled and turned (radians), its point ``there`` on the canvas's ``here``.

        A ``soft`` below 0 covers the whole canvas (the picture's edge pixels go on); else the picture's border is
        blurred by as many pixels.
        """
        source, factor = _shrunk(picture.image, scale)
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        points = (picture.keypoints_px - there) @ turn.T + here
        # Pixel indices of the shrunk copy: i' + 0.5 = (i + 0.5) / factor.
        small = turn * factor
        offset = here - turn @ there + small @ (0.5, 0.5) - turn @ (0.5, 0.5)
        affine, size = np.column_stack([small, offset]), self.image.shape[1::-1]
        if soft < 0:
            self.image = cv2.warpAffine(source, affine, size, borderMode=cv2.BORDER_REPLICATE)
            self.state[:] = NOTHING
        else:
            mask = self._mask(source.shape[:2], affine, soft)
            if picture.mask is not None:
                mask = np.minimum(mask, cv2.warpAffine(_shrunk(picture.mask, scale)[0], affine, size))
            laid = cv2.warpAffine(source, affine, size, borderMode=cv2.BORDER_REPLICATE)
            self.image = _blended(self.image, laid, mask)
            self._cover(mask)
        self._add(points, picture)

    def erase(self, number: int, texture: np.ndarray, soft: float, margin: float = 0.3):
        """Cover hand ``number`` and a margin around it, in its extents, by ``texture`` (H, W, 3): it is gone."""
        low, high = self.keypoints[number].min(axis=0), self.keypoints[number].max(axis=0)
        grown = margin * (high - low).max()
        (x0, y0), (x1, y1) = np.floor(low - grown).astype(int), np.ceil(high + grown).astype(int)
        mask = np.zeros(self.image.shape[:2], np.uint8)
        mask[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 255
        if soft > 0.3:
            mask = np.maximum(cv2.GaussianBlur(mask, (0, 0), soft), mask)
        self.image = _blended(self.image, cv2.resize(texture, self.image.shape[1::-1]), mask)
        self._cover(mask)
        self.state[number] = NOTHING

    def mirror(self):
        """Left for right, hands and all."""
        self.image = np.ascontiguousarray(self.image[:, ::-1])
        self.keypoints[..., 0] = self.image.shape[1] - 1 - self.keypoints[..., 0]
        self.right = 1 - self.right

    def settle(self):
        """Doubt hands that are mostly outside or too small, forget those that are not there."""
        height, width = self.image.shape[:2]
        inside = ((self.keypoints > -0.5) & (self.keypoints < (width - 0.5, height - 0.5))).all(axis=2).sum(axis=1)
        small = np.ptp(self.keypoints, axis=1).max(axis=1) < SMALLEST_PX if len(self.state) else np.zeros(0, bool)
        self.state[(self.state == HAND) & ((inside < FEWEST_INSIDE) | small)] = DOUBTFUL
        self.state[inside == 0] = NOTHING

    def _mask(self, shape, affine, soft: float) -> np.ndarray:
        height, width = shape
        corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float64)
        mask = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.rint(corners @ affine[:, :2].T + affine[:, 2]).astype(np.int32), 255)
        # Blurred inwards: beyond the picture's edge there is nothing of it to show.
        return np.minimum(cv2.GaussianBlur(mask, (0, 0), soft), mask) if soft > 0.3 else mask

    def _cover(self, mask: np.ndarray):
        height, width = mask.shape
        columns, rows = np.moveaxis(np.rint(self.keypoints).astype(int), -1, 0)
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        hidden = inside & (mask[rows.clip(0, height - 1), columns.clip(0, width - 1)] > 127)
        share = hidden.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
        self.state[(share > COVERED_DOUBTFUL) & (self.state == HAND)] = DOUBTFUL
        self.state[share > COVERED_GONE] = NOTHING

    def _add(self, points: np.ndarray, picture: Picture):
        self.keypoints = np.concatenate([self.keypoints, points])
        self.state = np.concatenate([self.state, picture.state])
        self.right = np.concatenate([self.right, picture.right])
        self.real |= picture.real and bool((picture.state == HAND).any())


def _shrunk(image: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """The image halved as often as ``scale`` allows, against aliasing, and by how much it was divided."""
    factor = 1.0
    while scale * factor < 0.6 and min(image.shape[:2]) >= 16:
        image = np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        factor *= 2
    return image, factor


def _blended(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> np.ndarray:
    x, y, width, height = cv2.boundingRect(mask)
    part = np.s_[y : y + height, x : x + width]
    share = mask[part][..., None].astype(np.float32) * np.float32(1 / 255)
    result = below.copy()
    result[part] = (below[part] + share * (above[part].astype(np.float32) - below[part]) + 0.5).astype(np.uint8)
    return result
