"""Counters and times of one node, kept by its threads, read by its diagnostics."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

_KEPT = 300  # ten seconds at 30 Hz


class Durations:
    """The last few durations in seconds, and their percentiles."""

    def __init__(self):
        self._values: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """Take one measurement."""
        self._values.append(seconds)

    def percentiles_ms(self) -> tuple[float, float]:
        """p50 and p95 in milliseconds; NaN without measurements."""
        values = list(self._values)
        if not values:
            return float("nan"), float("nan")
        p50, p95 = np.percentile(values, (50, 95)) * 1e3
        return float(p50), float(p95)


@dataclass
class CameraCounts:
    """What became of one camera's images since the node was activated."""

    received: int = 0
    infos: int = 0
    """camera_info messages."""
    processed: int = 0
    stale: int = 0
    overtaken: int = 0
    bad: int = 0
    failed: int = 0
    hands: int = 0
    last_received_s: float | None = None
    """time.monotonic() of the last image."""
    started_s: float = field(default_factory=time.monotonic)
    calibration: str = "no camera_info yet"
    last_problem: str = ""
    latency: Durations = field(default_factory=Durations)
    """Image stamp to published hands."""

    def silence_s(self) -> float:
        """Seconds without an image, from the start if there was none."""
        since = self.started_s if self.last_received_s is None else self.last_received_s
        return time.monotonic() - since


class Rate:
    """Events per second between two readings of a growing count."""

    def __init__(self):
        self._count, self._time_s = 0, time.monotonic()

    def update(self, count: int) -> float:
        """The rate since the last call."""
        now = time.monotonic()
        rate = max(count - self._count, 0) / max(now - self._time_s, 1e-6)
        self._count, self._time_s = count, now
        return rate
