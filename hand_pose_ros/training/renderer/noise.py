"""A small tiling noise volume: value and gradient, made once from a seed, so that skin relief needs no image files."""

from __future__ import annotations

import numpy as np

SIZE = 32


def noise_volume(seed: int = 7) -> np.ndarray:
    """(32, 32, 32, 4) uint8: smooth value noise in channel 0, its gradient (centred at 128) in channels 1 to 3."""
    generator = np.random.default_rng(seed)
    value = np.zeros((SIZE,) * 3)
    for octave, strength in ((4, 0.5), (8, 0.3), (16, 0.2)):
        value += strength * _stretched(generator.random((octave,) * 3))
    value = (value - value.min()) / (value.max() - value.min())
    gradient = np.stack([np.roll(value, -1, axis) - np.roll(value, 1, axis) for axis in (2, 1, 0)], axis=-1)
    gradient = 0.5 + 0.5 * gradient / np.abs(gradient).max()
    return (np.concatenate([value[..., None], gradient], axis=-1) * 255).round().astype(np.uint8)


def _stretched(coarse: np.ndarray) -> np.ndarray:
    """Periodic smooth interpolation of a coarse grid to SIZE per axis."""
    for axis in range(3):
        count = coarse.shape[axis]
        where = np.arange(SIZE) * count / SIZE
        low = where.astype(int)
        blend = where - low
        blend = (blend * blend * (3 - 2 * blend)).reshape([-1 if a == axis else 1 for a in range(3)])
        coarse = coarse.take(low % count, axis) * (1 - blend) + coarse.take((low + 1) % count, axis) * blend
    return coarse
