"""Where camera_node's pictures come from: a video file, a folder of images, a webcam. OpenCV only, no ROS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
_USUAL_RATE = 30.0
_HIGHEST_RATE = 1000.0  # some containers announce their time base (90,000) as the rate
_OLDEST_CAPTURE_S = 1.0


class SourceError(RuntimeError):
    """A source that cannot be opened or read; the text names it and says what to do."""


class FrameSource(Protocol):
    """Pictures one after another."""

    live: bool
    """True for a webcam: it sets the pace, cannot be rewound, and may come back after it went away."""
    rate: float
    """Pictures per second, > 0."""
    length: int
    """Number of pictures as announced; 0 where nobody knows."""

    def read(self) -> np.ndarray | None:
        """The next picture (H, W, 3) uint8 BGR; None at the end (a file) or when the camera is gone (live)."""

    def age_s(self) -> float:
        """Seconds since the last picture was captured; 0 where nobody knows."""

    def rewind(self) -> None:
        """Start again."""

    def close(self) -> None:
        """Free the device or the file."""


def open_source(text: str) -> FrameSource:
    """The source that ``text`` names: a number (webcam), /dev/video*, a folder, or a video or image file."""
    if not text.strip():
        raise SourceError("source is empty: give a video file, a folder of images or a webcam's number")
    if text.isdecimal() or text.startswith("/dev/"):
        return Webcam(text)
    path = Path(text).expanduser()
    if not path.exists():
        raise SourceError(f"source {text!r} does not exist: give a video file, a folder of images or a webcam's number")
    if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFolder(path)
    return VideoFile(path)


class VideoFile:
    """A video file, decoded ahead of time by FFmpeg inside OpenCV."""

    live = False

    def __init__(self, path: Path):
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise SourceError(f"{path} cannot be opened as a video: give a file that ffmpeg can play")
        self.rate = plausible_rate(self._capture.get(cv2.CAP_PROP_FPS))
        self.length = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._read_any = False

    def read(self) -> np.ndarray | None:
        done, picture = self._capture.read()
        if not done and not self._read_any:
            raise SourceError(f"{self._path} holds no picture that can be decoded: check it with ffprobe")
        self._read_any = True
        return picture if done else None

    def age_s(self) -> float:
        return 0.0

    def rewind(self) -> None:
        # Seeking to frame 0 is inexact in some containers; opening anew is not.
        self._capture.release()
        self._capture = cv2.VideoCapture(str(self._path))
        self._read_any = False

    def close(self) -> None:
        self._capture.release()


class ImageFolder:
    """The images of a folder in the order of their names, or one image file."""

    live = False

    def __init__(self, path: Path, rate: float = _USUAL_RATE):
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        self._files = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
        if not self._files:
            raise SourceError(f"folder {path} holds no image: expected names ending in {', '.join(IMAGE_SUFFIXES)}")
        self.rate, self.length = rate, len(self._files)
        self._next = 0

    def read(self) -> np.ndarray | None:
        if self._next == len(self._files):
            return None
        file = self._files[self._next]
        self._next += 1
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise SourceError(f"{file} cannot be read as an image: remove it from the folder or repair it")
        return picture

    def age_s(self) -> float:
        return 0.0

    def rewind(self) -> None:
        self._next = 0

    def close(self) -> None:
        self._next = len(self._files)


class Webcam:
    """A camera that the operating system knows by number or as /dev/video*."""

    live = True
    length = 0

    def __init__(self, name: str):
        self._name = name
        self._capture = cv2.VideoCapture(int(name) if name.isdecimal() else name)
        if not self._capture.isOpened():
            raise SourceError(f"webcam {name} cannot be opened: is it plugged in, permitted and not in use?")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture is the one we want
        self.rate = plausible_rate(self._capture.get(cv2.CAP_PROP_FPS))

    def ask(self, width: int, height: int, rate: float) -> None:
        """Ask the driver for a size and a rate (0: its own); it may choose others."""
        wishes = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height, cv2.CAP_PROP_FPS: rate}
        for wish, value in wishes.items():
            if value:
                self._capture.set(wish, value)

    def read(self) -> np.ndarray | None:
        done, picture = self._capture.read()
        return picture if done else None

    def age_s(self) -> float:
        # V4L2's buffers carry the monotonic time of capture; other backends give something else, which is not used.
        age = time.monotonic() - self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        return age if 0.0 <= age <= _OLDEST_CAPTURE_S else 0.0

    def rewind(self) -> None:
        pass

    def close(self) -> None:
        self._capture.release()


def plausible_rate(rate: float) -> float:
    """``rate`` if a camera can have it, else 30."""
    return float(rate) if 0.0 < rate <= _HIGHEST_RATE else _USUAL_RATE


def fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture resized to ``width`` x ``height``; 0 means its own, or what keeps the aspect ratio of the other."""
    own_height, own_width = picture.shape[:2]
    if not width and not height:
        return picture
    width = width or max(1, round(own_width * height / own_height))
    height = height or max(1, round(own_height * width / own_width))
    if (width, height) == (own_width, own_height):
        return picture
    shrinks = width < own_width
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
