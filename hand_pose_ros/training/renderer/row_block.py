"""What the shaders are told of one drawn object: one row of a uniform buffer, the same for numpy and for GLSL.

Every object of every picture of a batch has a row; all rows travel to the GPU in one write, and a draw names its row.
"""

from __future__ import annotations

import numpy as np

BONES, CAPSULES, LIGHTS = 26, 24, 3
ALIGNMENT = 256
"""Rows begin where every driver lets a uniform block begin."""

# name, number of vectors, what the four numbers are
FIELDS = (
    ("bones", 3 * BONES),  # rows of 3 x 4 matrices, rest frame to camera frame
    ("projection", 4), ("light_view", 4),  # columns of 4 x 4 matrices
    ("ray", 0),  # 1 / fx, 1 / fy, cx, cy of the tile's own pixels
    ("tile", 0),  # first column, first row of the tile, 32 times the hand's number, unused
    ("shown", 0),  # part numbers that are skin: from, to; that are cloth: from, to
    ("shadow", 0),  # first row and height of the shadow map's tile as shares of all, half a step across and along
    ("light_direction", LIGHTS), ("light_colour", LIGHTS), ("sky", 0), ("ground", 0), ("up", 0),
    ("capsule_start", CAPSULES), ("capsule_way", CAPSULES),  # end and radius; to the other end, radius gained
    ("capsule_rate", CAPSULES // 4),  # one over the squared length, four capsules a vector
    ("tint", 0),  # rgb, relief
    ("surface", 0),  # wrinkles, gloss, shine, veins
    ("nail", 0),  # rgb, gloss
    ("hem", 0),  # x where cloth ends, its thickness, mottle, unused
    ("band", 0), ("band_colour", 0), ("ring", 0), ("ring_colour", 0), ("glove", 0),
    ("tattoo", 0), ("tattoo_colour", 0),  # column, row of the picture sheet, scale, turn; rgb, strength
    ("cloth_a", 0), ("cloth_b", 0), ("pattern", 0),  # kind, frequency, fold depth, unused
)  # fmt: skip
MATRICES = ("projection", "light_view")


def _dtype() -> np.dtype:
    fields = [(name, np.float32, (count, 4) if count else (4,)) for name, count in FIELDS]
    used = np.dtype(fields).itemsize
    return np.dtype([*fields, ("padding", np.uint8, (-used % ALIGNMENT,))])


ROW = _dtype()


def _glsl() -> str:
    lines = []
    for name, count in FIELDS:
        kind = "mat4 " + name if name in MATRICES else f"vec4 {name}" + (f"[{count}]" if count else "")
        lines.append(f"    {kind};")
    return "layout(std140) uniform Row {\n" + "\n".join(lines) + "\n};\n"


ROW_GLSL = _glsl()
"""Declaration of the block for GLSL 3.30."""


def set_matrices(rows: np.ndarray, name: str, matrices: np.ndarray):
    """Write 4 x 4 matrices (..., 4, 4) as columns."""
    rows[name] = np.swapaxes(matrices, -1, -2)


def set_capsules(rows: np.ndarray, capsules: np.ndarray):
    """Write capsules (..., 24, 2, 4): ends in the camera frame and radii, radius 0 for unused ones."""
    way = capsules[..., 1, :] - capsules[..., 0, :]
    rows["capsule_start"], rows["capsule_way"] = capsules[..., 0, :], way
    rate = 1.0 / np.maximum((way[..., :3] ** 2).sum(axis=-1), 1e-9)
    rows["capsule_rate"] = rate.reshape(*rate.shape[:-1], CAPSULES // 4, 4)
