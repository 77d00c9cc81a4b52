"""A painted room, slightly out of focus: wall, window, shelf with books, picture, plant, table. No photograph."""

from __future__ import annotations

import cv2
import numpy as np


def room(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A room (height, width, 3) uint8 RGB behind the hands; another seed, another room."""
    generator = np.random.default_rng(seed)
    canvas = _wall(width, height, generator)
    _window(canvas, generator)
    _shelf(canvas, generator)
    _picture(canvas, generator)
    _table(canvas, generator)
    _plant(canvas, generator)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.004 * width)
    canvas = canvas * _light_falloff(width, height)[..., None]
    return canvas.clip(0, 255).astype(np.uint8)


def _wall(width, height, generator) -> np.ndarray:
    tone = np.array([186, 178, 165]) + generator.uniform(-25, 25, 3)
    plaster = cv2.resize(
        generator.normal(0, 4, (height // 6, width // 6)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return (tone[None, None] + plaster[..., None]).astype(np.float32)


def _box(canvas, x0, y0, x1, y1, colour):
    height, width = canvas.shape[:2]
    corners = (int(x0 * width), int(y0 * height)), (int(x1 * width), int(y1 * height))
    cv2.rectangle(canvas, *corners, [float(c) for c in colour], -1)


def _window(canvas, generator):
    _box(canvas, 0.02, 0.03, 0.27, 0.56, (232, 230, 226))
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = int(0.035 * width), int(0.05 * height), int(0.255 * width), int(0.54 * height)
    sky = np.linspace(0, 1, y1 - y0)[:, None, None]
    canvas[y0:y1, x0:x1] = np.array([196, 219, 240]) * (1 - sky) + np.array([238, 240, 236]) * sky
    for x in range(x0, x1, 3):
        top = int(y1 - (0.10 + 0.06 * np.sin(x * 0.05) + 0.02 * generator.random()) * height)
        canvas[top:y1, x : x + 3] = np.array([96, 122, 84]) + generator.normal(0, 10, 3)
    _box(canvas, 0.142, 0.05, 0.148, 0.54, (232, 230, 226))
    _box(canvas, 0.035, 0.29, 0.255, 0.297, (232, 230, 226))


def _shelf(canvas, generator):
    for top in (0.06, 0.30):
        x = 0.68
        _box(canvas, 0.66, top - 0.02, 0.99, top + 0.22, (120, 92, 66))
        _box(canvas, 0.67, top, 0.98, top + 0.20, (92, 70, 52))
        while x < 0.955:
            thick, tall = generator.uniform(0.010, 0.026), generator.uniform(0.12, 0.19)
            _box(canvas, x, top + 0.20 - tall, x + thick, top + 0.20, generator.uniform(40, 205, 3))
            _box(canvas, x + 0.2 * thick, top + 0.23 - tall, x + 0.8 * thick, top + 0.245 - tall, (225, 215, 190))
            x += thick + generator.choice([0.001, 0.004, 0.03], p=[0.7, 0.25, 0.05])


def _picture(canvas, generator):
    _box(canvas, 0.38, 0.07, 0.58, 0.34, (58, 48, 40))
    _box(canvas, 0.392, 0.088, 0.568, 0.322, (226, 222, 210))
    for _ in range(14):
        x, y = generator.uniform(0.41, 0.53), generator.uniform(0.11, 0.28)
        _box(
            canvas,
            x,
            y,
            x + generator.uniform(0.01, 0.03),
            y + generator.uniform(0.01, 0.03),
            generator.uniform(60, 220, 3),
        )


def _table(canvas, generator):
    height, width = canvas.shape[:2]
    top = int(0.80 * height)
    rows, columns = np.mgrid[0 : height - top, 0:width]
    grain = 10 * np.sin(rows * 0.9 + 3 * np.sin(columns * 0.01)) + generator.normal(0, 3, rows.shape)
    canvas[top:] = np.array([150, 112, 78]) + grain[..., None] - 18 * (rows[..., None] / (height - top))
    canvas[top : top + 3] *= 0.75
    _box(canvas, 0.05, 0.70, 0.10, 0.86, (196, 62, 54))
    _box(canvas, 0.60, 0.83, 0.82, 0.90, (205, 205, 200))


def _plant(canvas, generator):
    height, width = canvas.shape[:2]
    _box(canvas, 0.31, 0.72, 0.37, 0.84, (168, 96, 66))
    for _ in range(26):
        angle, length = generator.uniform(-1.2, 1.2), generator.uniform(0.06, 0.2)
        start = np.array([0.34 * width, 0.72 * height])
        end = start + length * height * np.array([np.sin(angle), -np.cos(angle)])
        shade = np.array([52, 104, 48]) + generator.uniform(-20, 30)
        cv2.line(canvas, tuple(start.astype(int)), tuple(end.astype(int)), [float(c) for c in shade], 3, cv2.LINE_AA)
        cv2.ellipse(
            canvas, tuple(end.astype(int)), (9, 5), np.degrees(angle) - 90, 0, 360, [float(c) for c in shade], -1
        )


def _light_falloff(width: int, height: int) -> np.ndarray:
    """Brighter near the window on the left."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return (1.08 - 0.34 * x - 0.10 * y).astype(np.float32)
