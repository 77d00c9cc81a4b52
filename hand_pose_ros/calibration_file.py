"""Camera calibrations in the YAML format of the ROS package camera_calibration (camera_info_manager reads it too)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from hand_pose_ros.camera import CameraModel


def read_calibration(path) -> CameraModel:
    """The camera of a calibration file. ValueError says what is wrong with which key; OSError if it cannot be read."""
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is no YAML file: {error}: give a file that camera_calibration wrote") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} holds {type(content).__name__}: give a mapping with image_width, camera_matrix and so on"
        )
    try:
        return CameraModel(
            _whole_number(content, "image_width"),
            _whole_number(content, "image_height"),
            _numbers(content, "camera_matrix", 9).reshape(3, 3),
            _numbers(content, "distortion_coefficients"),
            _text(content, "distortion_model"),
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def write_calibration(path, camera: CameraModel, name: str = "camera") -> None:
    """Write ``camera`` so that ROS and ``read_calibration`` can read it; no rectification."""
    fx, fy, cx, cy = (float(value) for value in camera.intrinsics)
    content = {
        "image_width": camera.width,
        "image_height": camera.height,
        "camera_name": name,
        "camera_matrix": _matrix([fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0], 3),
        "distortion_model": camera.distortion_model,
        "distortion_coefficients": _matrix(list(camera.coefficients), 1),
        "rectification_matrix": _matrix([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3),
        "projection_matrix": _matrix([fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0], 3),
    }
    Path(path).write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=None), encoding="utf-8")


def _matrix(data: list[float], rows: int) -> dict:
    return {"rows": rows, "cols": len(data) // rows, "data": data}


def _value(content: dict, key: str):
    if key not in content:
        raise ValueError(f"{key} is missing: give a file that camera_calibration wrote")
    return content[key]


def _whole_number(content: dict, key: str) -> int:
    value = _value(content, key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{key} is {value!r}: give a whole number of pixels")
    return value


def _text(content: dict, key: str) -> str:
    value = content.get(key, "plumb_bob")
    if not isinstance(value, str):
        raise ValueError(f"{key} is {value!r}: give the name of a distortion model")
    return value


def _numbers(content: dict, key: str, count: int | None = None) -> np.ndarray:
    """The data of a matrix, given as rows, cols and data or as a plain list."""
    value = _value(content, key)
    data = value.get("data") if isinstance(value, dict) else value
    try:
        numbers = np.array(data, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{key} is {value!r}: give a list of numbers under data") from None
    if numbers.ndim != 1 or count not in (None, numbers.size):
        raise ValueError(f"{key} is {value!r}: give {count or 'a list of'} numbers under data")
    return numbers
