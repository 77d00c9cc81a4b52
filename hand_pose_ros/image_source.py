"""Pictures from files: images, folders, videos and ``index.json`` lists, read one after the other.

What cannot be read becomes a ``Picture`` with an ``error``: one bad file does not end a run over thousands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
INDEX_NAME = "index.json"


@dataclass(frozen=True)
class Picture:
    """One image on its way in. Exactly one of ``image`` and ``error`` is not None."""

    name: str
    """The path as it was given: of the image, or of its video."""
    image: np.ndarray | None = None
    """(H, W, 3) uint8 RGB."""
    error: str | None = None
    camera: CameraModel | None = None
    """Intrinsics that came with the image (index.json)."""
    frame: int | None = None
    """Number within its video, from 0; None for a still image."""
    stamp_s: float | None = None
    """Time within its video, seconds."""
    rate_hz: float | None = None
    """Frames per second of its video."""


def read_image(path: Path, upright: bool = True) -> np.ndarray:
    """An image file as (H, W, 3) uint8 RGB; ``upright`` turns it as its EXIF data says.

    Raises ValueError for what is no image or ends too early (decoders fill the missing part of those with grey).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    if is_truncated(data):
        raise ValueError(f"{path} is truncated: its end is missing")
    flags = cv2.IMREAD_COLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error as error:
        raise ValueError(f"{path} cannot be decoded: {error.err or error}") from error
    if image is None:
        raise ValueError(f"{path} is not an image that can be decoded ({len(data)} bytes)")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def is_truncated(data: bytes) -> bool:
    """True for a JPEG or PNG without its end marker."""
    if data.startswith(b"\xff\xd8"):
        # Entropy-coded data escape 0xff, so the last "start of scan" is a marker, and "end of image" follows it.
        return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
    return data.startswith(b"\x89PNG") and b"IEND" not in data[-64:]


def pictures(path: str) -> Iterator[Picture]:
    """All pictures of one input: an image, a folder of images (or one with an index.json), an index.json, a video."""
    place = Path(path)
    if place.is_dir() and (place / INDEX_NAME).is_file():
        place = place / INDEX_NAME
    if place.is_dir():
        return _folder(place)
    suffix = place.suffix.lower()
    if suffix == ".json":
        return _index(place)
    return _video(place) if suffix in VIDEO_SUFFIXES else iter([_still(str(path), place)])


def count(path: str) -> int | None:
    """How many pictures an input holds, for a progress bar; None if that is not known beforehand."""
    place = Path(path)
    index = place / INDEX_NAME if place.is_dir() else place
    if index.suffix.lower() == ".json" and index.is_file():
        try:
            return len(_entries(index))
        except ValueError:
            return 1
    if place.is_dir():
        return sum(1 for item in place.iterdir() if item.suffix.lower() in IMAGE_SUFFIXES)
    if place.suffix.lower() in VIDEO_SUFFIXES:
        return int(cv2.VideoCapture(str(place)).get(cv2.CAP_PROP_FRAME_COUNT)) or None
    return 1


def _still(name: str, path: Path, camera: CameraModel | None = None, upright: bool = True) -> Picture:
    try:
        return Picture(name, read_image(path, upright), camera=camera)
    except ValueError as error:
        return Picture(name, error=str(error))


def _folder(folder: Path) -> Iterator[Picture]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        yield Picture(str(folder), error=f"{folder} holds no images ({', '.join(IMAGE_SUFFIXES)})")
    for path in paths:
        yield _still(str(path), path)


def _index(path: Path) -> Iterator[Picture]:
    try:
        entries = _entries(path)
    except ValueError as error:
        yield Picture(str(path), error=str(error))
        return
    for number, entry in enumerate(entries):
        name = str(path)
        try:
            name = str(entry["image"])
            camera = _camera(entry)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{path}, entry {number}: {error!r}: give image and, if known, width, height and K"
            yield Picture(name, error=reason)
            continue
        # Pixels of a list's intrinsics and labels are those of the stored image, whatever EXIF says.
        yield _still(name, path.parent / name, camera, upright=False)


def _entries(path: Path) -> list:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no readable JSON: {error}") from error
    if not isinstance(entries, list):
        raise ValueError(f"{path} holds a {type(entries).__name__}: give a list of objects with the key image")
    return entries


def _camera(entry: dict) -> CameraModel | None:
    """The camera of an index entry: K is [fx, fy, cx, cy] or a 3 x 3 matrix, null where it is not known."""
    if entry.get("K") is None:
        return None
    matrix = np.asarray(entry["K"], dtype=np.float64)
    if matrix.shape == (4,):
        return CameraModel.from_intrinsics(entry["width"], entry["height"], matrix)
    return CameraModel(entry["width"], entry["height"], matrix)


def _video(path: Path) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    rate = rate if np.isfinite(rate) and rate > 0 else 30.0
    frame, stamp = 0, -1.0
    while True:
        good, image = capture.read()
        if not good:
            break
        # Some containers carry no times: then the nominal rate counts.
        told = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        stamp = told if told > stamp and np.isfinite(told) and (frame == 0 or told > 0.0) else frame / rate
        yield Picture(str(path), cv2.cvtColor(image, cv2.COLOR_BGR2RGB), frame=frame, stamp_s=stamp, rate_hz=rate)
        frame += 1
    capture.release()
    if frame == 0:
        reason = "does not exist" if not path.exists() else "is no video that can be decoded"
        yield Picture(str(path), error=f"{path} {reason}")
