"""The thread that reads the source, keeps its pace and sends each picture, and what it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from hand_pose_ros.nodes.frame_sources import FrameSource, SourceError, Webcam, fitted, open_source
from hand_pose_ros.nodes.image_publisher import to_rgb
from hand_pose_ros.nodes.pacing import BackOff, Pace


class CameraWorker:
    """Reads ``settings().source`` until its end.

    ``ready(stopped)`` returns when the first picture may go out (False: stopped). ``send(rgb, age_s)`` publishes one
    picture, captured ``age_s`` ago. ``ended(error)`` is called once: with None at the end of the source or after
    ``stop()``, else with what went wrong. ``frames`` counts the pictures sent.
    """

    def __init__(self, settings: Callable, ready: Callable, send: Callable, ended: Callable, logger):
        self._settings, self._ready, self._send, self._ended, self._logger = settings, ready, send, ended, logger
        self._stopped = threading.Event()
        self.frames, self.trouble, self._played_before = 0, "", 0
        self.source = self._open()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    @property
    def stopped(self) -> bool:
        """True after ``stop()``: the source did not end by itself."""
        return self._stopped.is_set()

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and free the source."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def _open(self) -> FrameSource:
        settings = self._settings()
        source = open_source(settings.source)
        if isinstance(source, Webcam):
            source.ask(settings.width, settings.height, settings.rate)
        return source

    def _run(self):
        error = None
        try:
            self._play()
        except Exception as caught:
            error = caught
        finally:
            self.source.close()
        self._ended(error)

    def _play(self):
        picture = self._next()  # decoded before we wait, so that the first one is not late
        if picture is None or not self._ready(self._stopped):
            return
        pace = Pace(self._rate())
        while picture is not None:
            pace.period_s = 1.0 / self._rate()
            if not self.source.live and not pace.wait(self._stopped):
                return
            self._send(picture, self.source.age_s())
            self.frames += 1
            picture = self._next()

    def _rate(self) -> float:
        return self._settings().rate or self.source.rate

    def _next(self) -> np.ndarray | None:
        """The next picture as RGB, at the size asked for; None when there is no more or we are stopped."""
        picture = None if self._stopped.is_set() else self.source.read()
        while picture is None and not self._stopped.is_set() and self._again():
            picture = None if self.source is None else self.source.read()
        if picture is None:
            return None
        settings = self._settings()
        return to_rgb(fitted(picture, settings.width, settings.height))

    def _again(self) -> bool:
        """Rewind a file that loops, wait for a webcam that went away; False at the end."""
        if self.source.live:
            self._reopen()
            return True
        self._warn_if_cut_short()
        if self._settings().loop:
            self.source.rewind()
        return self._settings().loop

    def _warn_if_cut_short(self):
        played, self._played_before = self.frames - self._played_before, self.frames
        # Announced lengths are often a few pictures off.
        if played < 0.98 * self.source.length - 2:
            self._logger.warning(
                f"{self._settings().source} ended after {played} of {self.source.length} pictures: the file is damaged"
            )

    def _reopen(self):
        back_off = BackOff()
        self.source.close()
        while not self._stopped.is_set():
            pause_s = back_off.failed()
            self.trouble = f"webcam {self._settings().source} sends no pictures; trying again in {pause_s:g} s"
            self._logger.error(self.trouble)
            self._stopped.wait(pause_s)
            try:
                self.source = self._open()
            except SourceError:
                continue
            self.trouble = ""
            return
