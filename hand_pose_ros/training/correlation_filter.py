"""A kernelised correlation filter: follows a box through a sequence by its grey values.

Henriques, Caseiro, Martins & Batista 2015, "High-Speed Tracking with Kernelized Correlation Filters": equations 16
(training), 22 (detection) and 31 (Gaussian kernel), with their parameters for raw pixels (Table 2). The box keeps its
size. OpenCV has the same tracker in its contrib build alone; this one needs numpy and cv2's image reading.
"""

from __future__ import annotations

import cv2
import numpy as np

PADDING, LABEL_SHARE, KERNEL_SIGMA, REGULARISATION, LEARNING = 2.5, 0.1, 0.2, 1e-4, 0.075
TEMPLATE = 64
"""Side of the patch that is compared, pixels; larger boxes are shrunk to it."""
LOST = 0.2
"""Largest response below which the box is lost: it is about 1 on the patch that was learnt."""


class CorrelationFilter:
    """``CorrelationFilter(image, box)``, then ``update(image)`` per image. Boxes are (cx, cy, w, h) in pixels."""

    def __init__(self, image: np.ndarray, box: np.ndarray):
        self.box = np.array(box, dtype=np.float64)
        if self.box.shape != (4,) or not np.isfinite(self.box).all() or (self.box[2:] < 2).any():
            raise ValueError(f"box {box}: give centre x, y, width and height in pixels, at least 2")
        window = PADDING * self.box[2:]
        self._scale = max(window.max() / TEMPLATE, 1.0)
        self._size = np.maximum(np.rint(window / self._scale).astype(int), 8)
        self._hann = np.outer(*(np.hanning(count) for count in self._size[::-1]))
        self._labels = np.fft.fft2(self._gaussian())
        self._template, self._weights = self._learnt(image)

    def update(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """The box (4,) in the next image and the filter's response there, about 1 where nothing changed.

        A response below ``LOST`` leaves box and filter as they were.
        """
        kernel = _kernel(np.fft.fft2(self._patch(image)), self._template)
        response = np.fft.ifft2(self._weights * kernel).real
        row, column = np.unravel_index(response.argmax(), response.shape)
        best = float(response[row, column])
        if best < LOST:
            return self.box.copy(), best
        # Shifts beyond half of the patch are negative ones: the filter is periodic.
        shift = np.array([_signed(column, self._size[0]), _signed(row, self._size[1])])
        self.box[:2] += shift * self._scale
        template, weights = self._learnt(image)
        self._template = (1 - LEARNING) * self._template + LEARNING * template
        self._weights = (1 - LEARNING) * self._weights + LEARNING * weights
        return self.box.copy(), best

    def _learnt(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        template = np.fft.fft2(self._patch(image))
        return template, self._labels / (_kernel(template, template) + REGULARISATION)

    def _patch(self, image: np.ndarray) -> np.ndarray:
        """The box's surroundings as grey values about 0, fading to its border."""
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        start = self.box[:2] - self._scale * (self._size - 1) / 2
        affine = np.array([[self._scale, 0, start[0]], [0, self._scale, start[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(grey, affine, self._size.tolist(), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return (patch / 255.0 - 0.5) * self._hann

    def _gaussian(self) -> np.ndarray:
        """Labels over all shifts of the patch: 1 for none, periodic."""
        sigma = LABEL_SHARE * np.sqrt(self.box[2:].prod()) / self._scale
        columns, rows = (np.array([_signed(n, count) for n in range(count)]) for count in self._size)
        return np.exp(-0.5 * (rows[:, None] ** 2 + columns**2) / sigma**2)


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spectrum of the Gaussian kernel of one patch with all shifts of the other, from their spectra (equation 31)."""
    count = first.size
    cross = np.fft.ifft2(first * second.conj()).real
    norms = (np.abs(first) ** 2).sum() / count + (np.abs(second) ** 2).sum() / count
    distance = np.maximum(norms - 2 * cross, 0) / count
    return np.fft.fft2(np.exp(-distance / KERNEL_SIGMA**2))


def _signed(place: int, count: int) -> int:
    return int(place) - int(count) if place > count // 2 else int(place)
