"""One place per camera for the newest image: the subscription fills it, the worker empties it, older ones drop out."""

from __future__ import annotations

import threading
from collections import Counter


class LatestSlots:
    """Thread-safe slots by camera name; ``dropped`` counts what was overwritten before anyone took it."""

    def __init__(self):
        self._changed = threading.Condition()
        self._newest: dict = {}
        self._closed = False
        self.dropped: Counter = Counter()

    def put(self, name: str, item) -> None:
        """Store the newest item of a camera; never waits for the worker. Ignored once closed."""
        with self._changed:
            if self._closed:
                return
            if name in self._newest:
                self.dropped[name] += 1
            self._newest[name] = item
            self._changed.notify()

    def take(self) -> dict | None:
        """Wait for images and take the newest of every camera, by name; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._closed)
            newest, self._newest = self._newest, {}
            return None if self._closed else newest

    def close(self) -> None:
        """End every wait, now and later, and forget what lies in the slots."""
        with self._changed:
            self._closed = True
            self._newest = {}
            self._changed.notify_all()
