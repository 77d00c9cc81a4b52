"""Overlays on disk: an image per still, one video per video."""

from __future__ import annotations

from pathlib import Path

import cv2

from hand_pose_ros.hand import HandPose
from hand_pose_ros.image_source import Picture
from hand_pose_ros.overlay import draw_hands


class OverlayWriter:
    """Writes overlays into ``folder``, which is made if need be. OSError if a file cannot be written."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._names, self._video = folder, set(), None

    def write(self, picture: Picture, hands: list[HandPose]) -> None:
        """Draw ``hands`` over one picture and add it."""
        drawn = cv2.cvtColor(draw_hands(picture.image, hands), cv2.COLOR_RGB2BGR)
        if picture.frame is None:
            path = self._free_path(picture.name, ".jpg")
            if not cv2.imwrite(str(path), drawn):
                raise OSError(f"{path} cannot be written")
            return
        if picture.frame == 0:
            self._begin_video(picture, drawn.shape[1], drawn.shape[0])
        self._video.write(drawn)

    def close(self) -> None:
        """Finish the video that is being written."""
        if self._video is not None:
            self._video.release()
            self._video = None

    def _begin_video(self, picture: Picture, width: int, height: int) -> None:
        self.close()
        path = self._free_path(picture.name, ".mp4")
        self._video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), picture.rate_hz, (width, height))
        if not self._video.isOpened():
            raise OSError(f"{path} cannot be written")

    def _free_path(self, name: str, suffix: str) -> Path:
        """A path in the folder named after ``name``; pictures of the same name in different folders get numbers."""
        stem, number = Path(name).stem, 1
        while (found := stem if number == 1 else f"{stem}-{number}") + suffix in self._names:
            number += 1
        self._names.add(found + suffix)
        return self._folder / (found + suffix)
