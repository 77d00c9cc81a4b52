"""Log messages that repeat themselves at most every few seconds, each kind by itself.

rclpy throttles by line of code, which would let one bad camera silence another that complains from the same line.
"""

from __future__ import annotations

import threading
import time

_PERIOD_S = 10.0
_KINDS = 1000  # a topic of random encodings must not fill the memory


class Complaints:
    """Throttled warnings and errors of one node. Thread-safe."""

    def __init__(self, logger, period_s: float = _PERIOD_S):
        self._logger, self._period_s = logger, period_s
        self._last: dict[tuple, float] = {}
        self._lock = threading.Lock()

    def error(self, text: str, *kind) -> None:
        """Log an error unless one of the same ``kind`` (default: the text) was logged within the period."""
        if self._due(kind or (text,)):
            self._logger.error(text)

    def warn(self, text: str, *kind) -> None:
        """The same for a warning."""
        if self._due(kind or (text,)):
            self._logger.warning(text)

    def _due(self, kind) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._last.get(kind, -self._period_s) < self._period_s:
                return False
            if len(self._last) >= _KINDS:
                self._last.clear()
            self._last[kind] = now
            return True
