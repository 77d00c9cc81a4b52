"""One folder with what a run leaves behind: ``bag/``, ``overlay.mp4`` for each camera, ``summary.json``."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hand_pose_ros.nodes.bag import Bag
from hand_pose_ros.nodes.video_writer import VideoWriter

SUMMARY = "summary.json"


class Recording:
    """Writes into ``folder``, which must not hold a recording already."""

    def __init__(self, folder: Path, bag: bool, video_codec: str):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        taken = [name for name in ("bag", "overlay.mp4", SUMMARY) if (folder / name).exists()]
        if taken:
            raise ValueError(f"output {folder} holds a recording already ({', '.join(taken)}): give another folder")
        self._bag = Bag(folder / "bag") if bag else None
        self._video_codec, self._videos = video_codec, {}
        self.error = ""

    def add_topic(self, topic: str, kind: str, qos) -> None:
        """Announce a topic to the bag."""
        if self._bag is not None:
            self._bag.add_topic(topic, kind, qos)

    def write(self, topic: str, time_ns: int, data: bytes) -> None:
        """Put a message into the bag. A full disk ends the bag, not the run."""
        if self._bag is None:
            return
        try:
            self._bag.write(topic, time_ns, data)
        except OSError as error:
            self.error = f"bag {self.folder / 'bag'} cannot be continued: {error}"
            self._bag = None

    def picture(self, topic: str, rgb, stamp_s: float) -> None:
        """Append a picture (H, W, 3) uint8 RGB to the film of its topic."""
        if topic not in self._videos:
            name = "_".join(topic.strip("/").split("/"))
            self._videos[topic] = VideoWriter(self.folder / f"{name}.mp4", self._video_codec)
        self._videos[topic].add(rgb, stamp_s)

    def close(self) -> dict:
        """Finish the files; return what is in them, for the summary."""
        problems = [self.error] if self.error else []
        for video in self._videos.values():
            video.close()
            problems += [video.error] if video.error else []
        try:
            messages = self._bag.messages if self._bag else 0
            if self._bag is not None:
                self._bag.close()
        except OSError as error:
            problems.append(f"bag {self.folder / 'bag'} could not be finished: {error}")
        videos = [video for video in self._videos.values() if video.frames]
        return {
            "files": {
                "bag": "bag" if messages else None,
                "videos": [video.path.name for video in videos],
                "video_frames_dropped": sum(video.dropped for video in videos),
                "bag_messages": messages,
            },
            "problems": problems,
        }

    def save(self, summary: dict) -> None:
        """Write ``summary.json``, whole or not at all."""
        path = self.folder / SUMMARY
        new = path.with_suffix(".new")
        new.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        new.replace(path)


def folder_of_now() -> Path:
    """``output/<date>-<time>`` below the working folder."""
    return Path("output") / time.strftime("%Y%m%d-%H%M%S")
