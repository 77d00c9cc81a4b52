"""What a camera does to light: defocus, motion blur, exposure, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

GRAIN_COUNT = 1 << 20


@dataclass(frozen=True)
class Sensor:
    """Strengths for one picture; zeros leave it alone."""

    defocus_px: float = 0.0
    """Standard deviation of the blur."""
    motion_px: float = 0.0
    """Length of the streak."""
    motion_angle: float = 0.0
    gain: float = 1.0
    gamma: float = 1.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    noise: float = 0.0
    """Standard deviation at full brightness, grey levels."""
    jpeg: int = 0
    """Quality 1-100, 0 for none."""


def random_sensors(generator: np.random.Generator, size: int, count: int) -> list[Sensor]:
    """Plausible cameras for crops of ``size`` pixels."""
    chance, uniform, normal = generator.random, generator.uniform, generator.normal
    jpeg = np.stack([np.zeros(count, int), generator.integers(20, 60, count), generator.integers(60, 96, count)])
    columns = (
        (chance(count) < 0.5) * uniform(0, 0.012, count) * size,
        (chance(count) < 0.25) * uniform(0, 0.07, count) * size,
        uniform(0, np.pi, count),
        np.exp(normal(-0.03, 0.18, count)),
        np.exp(normal(0, 0.14, count)),
        np.exp(normal(0, 0.07, (count, 3))),
        chance(count) ** 2 * 14.0,
        jpeg[generator.integers(3, size=count), np.arange(count)],
    )
    return [Sensor(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def random_sensor(generator: np.random.Generator, size: int) -> Sensor:
    """One of them."""
    return random_sensors(generator, size, 1)[0]


def expose(image: np.ndarray, sensor: Sensor, generator: np.random.Generator) -> np.ndarray:
    """The picture (H, W, 3) uint8 RGB as ``sensor`` records it."""
    if sensor.motion_px > 1.0:
        image = cv2.filter2D(image, -1, streak(sensor.motion_px, sensor.motion_angle))
    if sensor.defocus_px > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), sensor.defocus_px)
    image = cv2.LUT(image, curve(sensor))
    if sensor.noise > 0.5:
        image = add_noise(image, sensor.noise, generator)
    return recompressed(image, sensor.jpeg) if sensor.jpeg else image


def curve(sensor: Sensor) -> np.ndarray:
    """Table (1, 256, 3) uint8 of gamma, gain and white balance."""
    table = LEVELS**sensor.gamma * (255.0 * sensor.gain * np.array(sensor.balance))
    return np.minimum(table + 0.5, 255).astype(np.uint8)[None]


LEVELS = (np.arange(256) / 255.0)[:, None]


def streak(length_px: float, angle: float) -> np.ndarray:
    """Motion blur kernel: a line of the given length and direction."""
    size = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    half = 0.5 * length_px * np.array([np.cos(angle), np.sin(angle)])
    centre = size // 2
    cv2.line(kernel, *(tuple(int(v) for v in np.rint(centre + s * half)) for s in (-1, 1)), 1.0, 1)
    return kernel / kernel.sum()


# Drawing a normal number costs more than anything else that is done to a colour: cuts of one long series serve all.
GRAIN = np.random.default_rng(0).standard_normal(GRAIN_COUNT, np.float32)
SWING = np.sqrt(0.15 + np.arange(256, dtype=np.float32) / 300.0)


def add_noise(image: np.ndarray, strength: float, generator: np.random.Generator) -> np.ndarray:
    """Noise that grows with the square root of brightness, as photons do, over a floor."""
    start, count = int(generator.integers(GRAIN_COUNT)), image.size
    grain = GRAIN[start : start + count]
    if len(grain) < count:
        grain = np.resize(np.concatenate([grain, GRAIN]), count)
    swing = cv2.LUT(image, (strength * SWING)[None])
    return cv2.add(image, cv2.multiply(swing, grain.reshape(image.shape)), dtype=cv2.CV_8U)


def recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG."""
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(code, cv2.IMREAD_COLOR)
