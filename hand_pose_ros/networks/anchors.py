"""Anchors of single-shot detectors (Liu et al. 2016, section 2.2) in the variant of MediaPipe's palm detector."""

from __future__ import annotations

import numpy as np


def anchor_centres(input_size: int, strides: tuple[int, ...], anchors_per_cell: int = 2) -> np.ndarray:
    """Anchor centres (A, 2) as fractions of the input square: x, y at the middle of every cell of every layer.

    Layers of the same stride share one grid, their anchors interleaved cell by cell; each layer brings
    ``anchors_per_cell`` (aspect ratio 1 and the interpolated scale). With a fixed anchor size of 1 the size of an
    anchor is never used. 192 px and strides 8, 16, 16, 16 give 24 x 24 x 2 + 12 x 12 x 6 = 2016.
    """
    grids = []
    for stride in dict.fromkeys(strides):
        cells = -(-input_size // stride)
        axis = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, anchors_per_cell * strides.count(stride), axis=0))
    return np.concatenate(grids).astype(np.float32)
