"""How thick each finger bone's flesh is, along the bone and around it: where the skin lies on a given hand.

A table (15, 5, 8) in metres: phalanges thumb to little finger, places along the bone from its start to its end,
directions around it from the back over the thumb's side and the palm's side.
"""

from __future__ import annotations

import numpy as np

# From, to: radii as fractions of the wrist-to-middle-MCP length, measured on the MakeHuman mesh.
PHALANX_RADII = np.array((
    (0.180, 0.130), (0.118, 0.098), (0.090, 0.068),
    (0.100, 0.097), (0.098, 0.084), (0.074, 0.055),
    (0.108, 0.098), (0.093, 0.083), (0.072, 0.055),
    (0.103, 0.094), (0.088, 0.080), (0.070, 0.053),
    (0.083, 0.076), (0.073, 0.065), (0.058, 0.045),
))  # fmt: skip
ALONG = np.linspace(0.0, 1.0, 5)
AROUND = np.arange(8) * np.pi / 4


def plain_girth(joints: np.ndarray) -> np.ndarray:
    """(N, 15, 5, 8) round fingers of average thickness for hands of joints (N, 21, 3)."""
    scale = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=1)
    along = PHALANX_RADII[:, :1] + (PHALANX_RADII[:, 1:] - PHALANX_RADII[:, :1]) * ALONG
    return np.repeat((scale[:, None, None] * along)[..., None], len(AROUND), axis=3)


def thickness(girth: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(N, 15) how much thicker than average the phalanges are, for their length of the hand."""
    return girth.mean(axis=(2, 3)) / plain_girth(joints).mean(axis=(2, 3))


def radius_at(girth: np.ndarray, phalanx: np.ndarray, along: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Distance (N,) of the skin from the bone of ``phalanx`` (N,), ``along`` (N,) 0 to 1, ``around`` (N,) radians:
    interpolated in the tables (N, 15, 5, 8)."""
    row = np.arange(len(girth))
    x = np.clip(along, 0, 1) * (len(ALONG) - 1)
    i = np.minimum(x.astype(int), len(ALONG) - 2)
    y = np.mod(around, 2 * np.pi) / (np.pi / 4)
    j = y.astype(int) % len(AROUND)
    u, v, k = x - i, y - np.floor(y), (j + 1) % len(AROUND)
    lower = girth[row, phalanx, i, j] * (1 - v) + girth[row, phalanx, i, k] * v
    upper = girth[row, phalanx, i + 1, j] * (1 - v) + girth[row, phalanx, i + 1, k] * v
    return lower * (1 - u) + upper * u
