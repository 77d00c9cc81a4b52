"""How thick each finger bone's flesh is, along the bone and around it: where the skin lies on a given hand.

A table (15, 5, 8) in metres: phalanges thumb to little finger, places along the bone from its start to its end,
directions around it from the back over the thumb's side and the palm's side.
"""

from __future__ import annotations

import numpy as np

# From, to: radii of capsules about the bones as fractions of the wrist-to-middle-MCP length, measured on the mesh.
PHALANX_RADII = np.array((
    (0.180, 0.130), (0.118, 0.098), (0.090, 0.068),
    (0.100, 0.097), (0.098, 0.084), (0.074, 0.055),
    (0.108, 0.098), (0.093, 0.083), (0.072, 0.055),
    (0.103, 0.094), (0.088, 0.080), (0.070, 0.053),
    (0.083, 0.076), (0.073, 0.065), (0.058, 0.045),
))  # fmt: skip
# At the start and the end of each bone, in the same unit: mean distance of the skin, and how much further than that it
# lies on the back and on the thumb's side; the mean of the meshes of 8 young adults.
PHALANX_SKIN = np.array((
    ((0.205, -0.043, 0.048), (0.139, -0.038, -0.023)), ((0.133, -0.035, -0.027), (0.092, -0.043, -0.014)),
    ((0.102, -0.052, -0.016), (0.050, -0.006, 0.000)),
    ((0.116, -0.057, -0.007), (0.103, -0.051, -0.001)), ((0.105, -0.053, -0.004), (0.088, -0.040, 0.001)),
    ((0.092, -0.040, 0.001), (0.047, -0.003, -0.003)),
    ((0.153, -0.091, 0.007), (0.104, -0.045, 0.008)), ((0.108, -0.053, 0.009), (0.088, -0.040, 0.006)),
    ((0.091, -0.041, 0.006), (0.051, 0.003, 0.007)),
    ((0.138, -0.080, -0.014), (0.095, -0.042, -0.002)), ((0.098, -0.046, -0.003), (0.082, -0.038, -0.006)),
    ((0.086, -0.039, -0.006), (0.047, 0.004, 0.002)),
    ((0.099, -0.039, -0.007), (0.083, -0.030, -0.007)), ((0.081, -0.029, -0.007), (0.067, -0.022, -0.008)),
    ((0.071, -0.025, -0.008), (0.043, -0.015, -0.002)),
))  # fmt: skip
ALONG = np.linspace(0.0, 1.0, 5)
AROUND = np.arange(8) * np.pi / 4


def plain_girth(joints: np.ndarray) -> np.ndarray:
    """(N, 15, 5, 8) fingers of average thickness, round about a middle beside the bone, for joints (N, 21, 3)."""
    scale = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=1)
    skin = PHALANX_SKIN[:, 0, None] + (PHALANX_SKIN[:, 1, None] - PHALANX_SKIN[:, 0, None]) * ALONG[:, None]
    around = skin @ np.stack([np.ones(len(AROUND)), np.cos(AROUND), np.sin(AROUND)])
    return scale[:, None, None, None] * around


def thickness(girth: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(N, 15) how much thicker than ``PHALANX_RADII`` the phalanges are on average, for the length of the hand."""
    scale = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=1)
    return girth.mean(axis=(2, 3)) / (scale[:, None] * PHALANX_RADII.mean(axis=1))


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
