"""What a camera does to light: defocus, motion blur, exposure, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


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


def random_sensor(generator: np.random.Generator, size: int) -> Sensor:
    """A plausible camera for a crop of ``size`` pixels."""
    return Sensor(
        defocus_px=float(generator.choice([0.0, 1.0]) * generator.uniform(0, 0.012) * size),
        motion_px=float((generator.random() < 0.25) * generator.uniform(0, 0.07) * size),
        motion_angle=float(generator.uniform(0, np.pi)),
        gain=float(np.exp(generator.normal(-0.03, 0.18))),
        gamma=float(np.exp(generator.normal(0, 0.14))),
        balance=tuple(np.exp(generator.normal(0, 0.07, 3))),
        noise=float(generator.random() ** 2 * 14.0),
        jpeg=int(generator.choice([0, generator.integers(20, 60), generator.integers(60, 96)])),
    )


def expose(image: np.ndarray, sensor: Sensor, generator: np.random.Generator) -> np.ndarray:
    """The picture (H, W, 3) uint8 RGB as ``sensor`` records it."""
    if sensor.motion_px > 1.0:
        image = cv2.filter2D(image, -1, streak(sensor.motion_px, sensor.motion_angle))
    if sensor.defocus_px > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), sensor.defocus_px)
    curve = 255.0 * (np.arange(256) / 255.0)[:, None] ** sensor.gamma * sensor.gain * np.asarray(sensor.balance)
    image = cv2.LUT(image, curve.clip(0, 255).round().astype(np.uint8)[:, None])
    if sensor.noise > 0.5:
        image = add_noise(image, sensor.noise, generator)
    return recompressed(image, sensor.jpeg) if sensor.jpeg else image


def streak(length_px: float, angle: float) -> np.ndarray:
    """Motion blur kernel: a line of the given length and direction."""
    size = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    half = 0.5 * length_px * np.array([np.cos(angle), np.sin(angle)])
    centre = size // 2
    cv2.line(kernel, *(tuple(int(v) for v in np.rint(centre + s * half)) for s in (-1, 1)), 1.0, 1)
    return kernel / kernel.sum()


def add_noise(image: np.ndarray, strength: float, generator: np.random.Generator) -> np.ndarray:
    """Noise that grows with the square root of brightness, as photons do, over a floor."""
    grain = generator.standard_normal(image.shape, np.float32)
    grain *= strength * np.sqrt(0.15 + image.astype(np.float32) / 300.0)
    return (image + grain).clip(0, 255).astype(np.uint8)


def recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG."""
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(code, cv2.IMREAD_COLOR)
