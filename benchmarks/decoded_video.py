"""A video's frames, decoded into a file for ``frame_file.FrameFile``."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2


class DecodedVideo:
    """RGB frames of ``source`` in the file ``path``. ValueError if there is no video, or no room for its frames."""

    def __init__(self, source: str, path: Path, most: int):
        capture = cv2.VideoCapture(source)
        self.source, self.path, self.count = source, path, 0
        self.rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
        with path.open("wb") as file:
            while self.count < most and (frame := capture.read()[1]) is not None:
                self._check_room(frame.nbytes)
                file.write(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB).data)
                self.height, self.width = frame.shape[:2]
                self.count += 1
        capture.release()
        if not self.count:
            raise ValueError(f"{source}: OpenCV reads no frame of it; give a video file")

    def _check_room(self, needed: int):
        if shutil.disk_usage(self.path.parent).free < needed + 2**28:
            raise ValueError(f"{self.path.parent} is full after {self.count} frames: give --frames or --scratch")
