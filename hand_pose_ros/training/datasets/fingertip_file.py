"""Text files with five fingertips per line, as Dexter+Object and EgoDexter have them: ``x, y, z; x, y, z; ...``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import FINGERTIPS
from hand_pose_ros.training.datasets.metric_label import MM, placed_at, projected_label
from hand_pose_ros.training.sample import HandLabel

FARTHEST_MM = 5000.0
"""Beyond is the mark of a depth sensor that saw nothing (32001)."""
LARGEST_MISFIT = 0.04
"""Of the image's width, between 2D and projected 3D annotations: beyond, the file is not what it is taken for."""


def read_points(path: Path, columns: int) -> np.ndarray:
    """(lines, 5, columns) of the first five points of every line; NaN where a point is empty."""
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    return np.array([_line(path, number, line, columns) for number, line in enumerate(lines, 1)])


def _line(path: Path, number: int, line: str, columns: int) -> list[list[float]]:
    points = [[part.strip() for part in point.split(",")] for point in line.split(";")][: len(FINGERTIPS)]
    if len(points) != len(FINGERTIPS) or any(len(point) != columns and any(point) for point in points):
        raise ValueError(f"{path}, line {number}: five points of {columns} numbers, divided by ';', are expected")
    return [[float(part) for part in point] if any(point) else [np.nan] * columns for point in points]


def fingertips_mm(path_2d: Path, path_3d: Path, depth_camera: CameraModel) -> np.ndarray:
    """(lines, 5, 3) fingertips in the depth camera's optical frame, NaN where missing.

    Releases differ in the signs of x and y; the 2D annotations, made in the depth image, decide. ValueError if neither
    choice leads there.
    """
    pixels, points = read_points(path_2d, 2), read_points(path_3d, 3)
    if len(pixels) != len(points):
        raise ValueError(f"{path_2d} has {len(pixels)} lines and {path_3d} {len(points)}: one per image is expected")
    missing = (pixels < 0).any(axis=2) | (np.abs(points[..., 2]) > FARTHEST_MM) | (np.abs(points[..., 2]) < 1.0)
    points[missing] = np.nan
    choices = [points * sign for sign in ((1, 1, 1), (-1, -1, 1))]
    misfits = [_misfit(choice, pixels, depth_camera) for choice in choices]
    best = int(np.argmin(misfits))
    if not misfits[best] <= LARGEST_MISFIT * depth_camera.width:
        raise ValueError(f"{path_3d}: its points are {misfits[best]:.0f} px from those of {path_2d.name} at the median")
    return choices[best]


def _misfit(points_mm: np.ndarray, pixels: np.ndarray, camera: CameraModel) -> float:
    known = np.isfinite(points_mm).all(axis=2) & np.isfinite(pixels).all(axis=2)
    if not known.any():
        return float("inf")
    return float(np.median(np.linalg.norm(camera.project(points_mm[known]) - pixels[known], axis=1)))


def fingertip_label(tips_mm: np.ndarray, to_colour: np.ndarray, camera: CameraModel, handedness: str) -> HandLabel:
    """Label of five fingertips carried by ``to_colour`` (3, 4) from the depth to the colour camera's frame."""
    tips = tips_mm @ to_colour[:, :3].T + to_colour[:, 3]
    return projected_label(placed_at(FINGERTIPS, MM * tips), camera, handedness)
