"""Oriented square crops: the affine map between a crop and its image, its exact inverse, and the sampling of both.

Two coordinates are used. *Fractions* (u, v) run continuously from 0 to 1 over the square crop: the centre of its
top-left pixel is at 0.5 / S. *Pixels* (x, y) are those of the raw image: the centre of its top-left pixel is at (0, 0).

    pixel = centre + size * R(angle) @ (fraction - 0.5),   R(a) = [[cos a, -sin a], [sin a, cos a]]

A mirrored crop reads u from the right to the left, so that a network which knows one side sees the other one too.
Affines are float64 (2, 3); images are (H, W, 3) uint8 RGB; network inputs are (N, 3, S, S) float32 RGB, 0 to 1.
"""

from __future__ import annotations

import cv2
import numpy as np

from hand_pose_ros.hand import OrientedBox


def square_box(centre_px, size_px: float, angle_rad: float = 0.0) -> OrientedBox:
    """A square ``OrientedBox`` of plain floats."""
    return OrientedBox((float(centre_px[0]), float(centre_px[1])), (float(size_px), float(size_px)), float(angle_rad))


def letterbox(width: int, height: int, edge_px: float = -0.5) -> OrientedBox:
    """The smallest upright square around an image of ``width`` x ``height`` whose outer edge is at ``edge_px``."""
    return square_box((edge_px + width / 2, edge_px + height / 2), max(width, height))


def moved(box: OrientedBox, right: float, down: float) -> OrientedBox:
    """The box moved along its own axes by fractions of its own width and height."""
    step = rotation(box.angle_rad) @ (right * box.size_px[0], down * box.size_px[1])
    return OrientedBox(
        (box.centre_px[0] + float(step[0]), box.centre_px[1] + float(step[1])), box.size_px, box.angle_rad
    )


def rotation(angle_rad: float) -> np.ndarray:
    """(2, 2) rotation, clockwise as seen in an image whose y axis points down."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine], [sine, cosine]])


def crop_to_image(box: OrientedBox, mirrored: bool = False) -> np.ndarray:
    """Affine (2, 3) that carries crop fractions to image pixels (formula above). ValueError for a box of no size."""
    size = np.asarray(box.size_px, dtype=np.float64)
    if not (np.isfinite(size).all() and (size > 0).all() and np.isfinite(box.centre_px).all()):
        raise ValueError(f"crop box {box}: give a finite centre and a positive size in pixels")
    linear = rotation(box.angle_rad) * size
    offset = np.asarray(box.centre_px) - linear @ (0.5, 0.5)
    if mirrored:
        offset, linear = offset + linear[:, 0], linear * (-1.0, 1.0)
    return np.column_stack([linear, offset])


def invert(affine: np.ndarray) -> np.ndarray:
    """The affine (2, 3) that undoes ``affine`` (2, 3)."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def transform(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) carried through an affine (2, 3)."""
    return np.asarray(points, dtype=np.float64) @ affine[:, :2].T + affine[:, 2]


def pixel_affine(affine: np.ndarray, size: int) -> np.ndarray:
    """``affine`` from fractions re-written to start at the pixel indices of a crop ``size`` pixels wide."""
    linear = affine[:, :2] / size
    return np.column_stack([linear, affine[:, 2] + linear @ (0.5, 0.5)])


def sample(image: np.ndarray, affine: np.ndarray, size: int, border: str = "replicate") -> np.ndarray:
    """Bilinear crop (size, size, 3) of ``image`` (H, W, 3), uint8; outside it, ``replicate`` the edge or ``zero``."""
    mode = {"replicate": cv2.BORDER_REPLICATE, "zero": cv2.BORDER_CONSTANT}[border]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, pixel_affine(affine, size), (size, size), flags=flags, borderMode=mode)


def sample_batch(images: list, affines: list, size: int, border: str = "replicate") -> np.ndarray:
    """Network input (N, 3, size, size) float32, 0 to 1: crop n is taken from ``images[n]`` by ``affines[n]``."""
    batch = np.empty((len(images), 3, size, size), dtype=np.float32)
    for target, image, affine in zip(batch, images, affines, strict=True):
        crop = sample(image, affine, size, border)
        np.multiply(crop.transpose(2, 0, 1), np.float32(1 / 255), out=target)
    return batch
