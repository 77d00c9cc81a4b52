"""Tells that images get lost between camera and node, by the camera_info messages, which are small and do arrive."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_S = 5.0
_FEWEST_INFOS = 20  # in the window; less says nothing
_FEWEST_IMAGES = 0.5  # for each camera_info; drivers send one with every image


class LostImages:
    """Compares two growing counts over the last seconds."""

    def __init__(self, topic: str):
        self._topic = topic
        self._history: deque[tuple[float, int, int]] = deque()

    def update(self, images: int, infos: int, publishers: int, info_publishers: int) -> str:
        """What to tell the user if far fewer images than camera_infos came while both have publishers, else ""."""
        now = time.monotonic()
        if self._history and (images < self._history[-1][1] or infos < self._history[-1][2]):
            self._history.clear()  # the node has subscribed anew
        self._history.append((now, images, infos))
        while len(self._history) > 1 and now - self._history[1][0] >= _WINDOW_S:
            self._history.popleft()
        began, first_image, first_info = self._history[0]
        images, infos = images - first_image, infos - first_info
        if not (publishers and info_publishers) or infos < _FEWEST_INFOS:
            return ""
        if images / publishers >= _FEWEST_IMAGES * infos / info_publishers:
            return ""
        return (
            f"{images} images on {self._topic} for {infos} camera_info messages in {now - began:.0f} s: the middleware "
            "loses large images. Start the camera driver with config/fastdds.xml (docs/fast_dds.md), or set "
            "image_transport to compressed"
        )
