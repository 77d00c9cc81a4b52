"""An mp4 of the overlay, encoded in a thread of its own so that receiving never waits.

Codec: the FFmpeg inside opencv-python-headless has no H.264 encoder (only that of some ARM boards, h264_v4l2m2m), so
the default is MPEG-4 part 2 (``mp4v``): VLC, mpv, ffmpeg and OpenCV play it, browsers do not. Encoding a 720p frame
took 4.4 ms CPU with it, 5.2 ms with MJPG, 35 ms with VP8, 185 ms with VP9.
"""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path

import cv2
import numpy as np

_QUEUE_BYTES = 128 * 2**20  # a second and a half of 720p
_NICENESS = 5
_USUAL_RATES, _RATE_SAMPLE = np.array([30.0, 5.0, 10.0, 15.0, 20.0, 24.0, 25.0, 50.0, 60.0, 90.0, 120.0]), 10
_LONGEST_GAP_FRAMES = 300


class VideoWriter:
    """Writes RGB pictures with their stamps at a constant rate: gaps are filled, so that the film runs in real time."""

    def __init__(self, path: Path, codec: str = "mp4v"):
        self.path, self.frames, self.dropped, self.error = path, 0, 0, ""
        self._codec, self._writer, self._size = codec, None, None
        self._early: list[tuple[float, np.ndarray]] = []
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    def add(self, rgb: np.ndarray, stamp_s: float) -> None:
        """Queue a picture (H, W, 3) uint8; it is dropped and counted when the encoder is too far behind."""
        if self._queue.qsize() * rgb.nbytes > _QUEUE_BYTES:
            self.dropped += 1
        else:
            self._queue.put((stamp_s, rgb))

    def close(self) -> None:
        """Encode what is queued and finish the file."""
        self._queue.put(None)
        self._thread.join()

    def _run(self):
        os.nice(_NICENESS)  # on Linux, of this thread alone
        try:
            while (item := self._queue.get()) is not None:
                self._take(*item)
            self._begin()
        except (cv2.error, OSError) as error:
            self.error = f"video {self.path}: {error}"
        finally:
            if self._writer is not None:
                self._writer.release()

    def _take(self, stamp_s, rgb):
        if self.error:
            return
        if self._writer is not None:
            self._write(stamp_s, rgb)
            return
        # The first few stamps tell the rate.
        self._early.append((stamp_s, rgb))
        if len(self._early) >= _RATE_SAMPLE:
            self._begin()

    def _begin(self):
        if self._writer is not None or not self._early:
            return
        rate = frame_rate([stamp for stamp, _ in self._early])
        height, width = self._early[0][1].shape[:2]
        # The codecs sample colour at half the size: even sides only.
        self._size, self._first_s, self._rate = (width - width % 2, height - height % 2), self._early[0][0], rate
        self._writer = cv2.VideoWriter(str(self.path), cv2.VideoWriter_fourcc(*self._codec), rate, self._size)
        if not self._writer.isOpened():
            self.error = f"video {self.path} cannot be written with codec {self._codec}: give another video_codec"
            return
        for stamp_s, rgb in self._early:
            self._write(stamp_s, rgb)
        self._early.clear()

    def _write(self, stamp_s, rgb):
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        if bgr.shape[1::-1] != self._size:
            bgr = cv2.resize(bgr, self._size)
        due = round((stamp_s - self._first_s) * self._rate) + 1
        # Jitter of the stamps must neither drop nor double a picture: fill only what is missing for sure.
        missing = due - self.frames - 2
        repeats = 1 + (missing + 1 if 0 < missing <= _LONGEST_GAP_FRAMES else 0)
        for _ in range(repeats):
            self._writer.write(bgr)
        self.frames += repeats


def frame_rate(stamps_s: list[float]) -> float:
    """Pictures per second from a few stamps: by the median period; a usual rate if near one."""
    periods = np.diff(stamps_s)
    periods = periods[periods > 1e-3]
    if not len(periods):
        return float(_USUAL_RATES[0])
    rate = float(np.clip(round(1.0 / np.median(periods), 2), 1.0, 240.0))
    usual = _USUAL_RATES[np.argmin(np.abs(_USUAL_RATES - rate))]
    return float(usual) if abs(usual / rate - 1.0) < 0.04 else rate
