"""A sheet of sixteen drawn tattoos: lines, rings, stars, spirals, letters. No picture is taken from anywhere."""

from __future__ import annotations

import cv2
import numpy as np

CELLS, CELL = 4, 128


def tattoo_sheet(seed: int = 3) -> tuple[tuple[int, int], int, bytes]:
    """Size, components and bytes of a texture of 4 x 4 pictures: 255 is ink."""
    generator = np.random.default_rng(seed)
    makers = (_rings, _star, _spiral, _letters, _branches, _lattice)
    cells = [makers[k % len(makers)](generator) for k in range(CELLS * CELLS)]
    rows = [np.hstack(cells[k : k + CELLS]) for k in range(0, len(cells), CELLS)]
    return (CELLS * CELL,) * 2, 1, np.ascontiguousarray(np.vstack(rows)).tobytes()


def _blank() -> np.ndarray:
    return np.zeros((CELL, CELL), np.uint8)


def _lines(canvas: np.ndarray, points: np.ndarray, width: int):
    cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 255, width, cv2.LINE_AA)


def _rings(generator) -> np.ndarray:
    canvas = _blank()
    for radius in np.cumsum(generator.uniform(6, 16, 5)):
        if radius < 56:
            cv2.circle(canvas, (64, 64), int(radius), 255, int(generator.integers(1, 5)), cv2.LINE_AA)
    return canvas


def _star(generator) -> np.ndarray:
    canvas, count = _blank(), int(generator.integers(4, 9))
    angle = np.arange(2 * count) * np.pi / count
    radius = np.where(np.arange(2 * count) % 2, generator.uniform(15, 30), 55)
    points = 64 + radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    cv2.fillPoly(canvas, [np.rint(points).astype(np.int32)], 255, cv2.LINE_AA)
    cv2.circle(canvas, (64, 64), int(generator.integers(3, 14)), 0, -1, cv2.LINE_AA)
    return canvas


def _spiral(generator) -> np.ndarray:
    canvas, t = _blank(), np.linspace(0, 1, 200)
    for start in generator.uniform(0, 2 * np.pi, 3):
        angle = start + t * generator.uniform(3, 12)
        _lines(canvas, 64 + (6 + 50 * t)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), 4)
    return canvas


def _letters(generator) -> np.ndarray:
    canvas = _blank()
    for row in range(3):
        text = "".join(chr(c) for c in generator.integers(65, 91, 5))
        cv2.putText(canvas, text, (8, 40 + 34 * row), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.1, 255, 2, cv2.LINE_AA)
    return canvas


def _branches(generator) -> np.ndarray:
    canvas = _blank()
    for _ in range(7):
        steps = generator.normal(0, 5, (14, 2)) + generator.normal(0, 5, 2)
        _lines(canvas, 64 + np.cumsum(steps, axis=0), int(generator.integers(2, 5)))
        cv2.ellipse(canvas, generator.integers(20, 108, 2).tolist(), (9, 5), generator.uniform(0, 180), 0, 360, 255, -1)
    return canvas


def _lattice(generator) -> np.ndarray:
    canvas, step = _blank(), int(generator.integers(12, 26))
    for x in range(10, 118, step):
        _lines(canvas, np.array([[x, 10], [118 - x + 10, 118]]), 2)
        _lines(canvas, np.array([[10, x], [118, 118 - x + 10]]), 2)
    return canvas
