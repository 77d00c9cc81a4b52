"""Writes a video file frame by frame: H.264 by ffmpeg where it is installed, else MPEG-4 by OpenCV."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np


class VideoWriter:
    """Use as a context manager; ``write`` takes (H, W, 3) uint8 RGB. OSError if the file cannot be written."""

    def __init__(self, path: Path, width: int, height: int, fps: float, quality: int = 19):
        self.path, self._ffmpeg, self._opencv = Path(path), None, None
        if shutil.which("ffmpeg"):
            self._ffmpeg = subprocess.Popen(_command(path, width, height, fps, quality), stdin=subprocess.PIPE)
        else:
            self._opencv = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (width, height))
            if not self._opencv.isOpened():
                raise OSError(f"{path}: OpenCV cannot write MPEG-4 here; install ffmpeg")

    def write(self, image: np.ndarray):
        """Append one frame."""
        if self._ffmpeg:
            self._ffmpeg.stdin.write(np.ascontiguousarray(image).tobytes())
        else:
            self._opencv.write(np.ascontiguousarray(image[..., ::-1]))

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *_):
        if self._opencv:
            self._opencv.release()
        else:
            self._ffmpeg.stdin.close()
            if self._ffmpeg.wait():
                raise OSError(f"{self.path}: ffmpeg could not write the video (its message stands above)")


def _command(path, width, height, fps, quality) -> list[str]:
    # One thread and no settings text: the same frames give the same file.
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    codec = ["-c:v", "libx264", "-preset", "slow", "-crf", str(quality), "-pix_fmt", "yuv420p", "-threads", "1"]
    return [
        "ffmpeg",
        "-y",
        "-loglevel",
        "error",
        *source,
        *codec,
        "-fflags",
        "+bitexact",
        "-movflags",
        "+faststart",
        str(path),
    ]
