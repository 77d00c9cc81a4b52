"""What a run amounted to: counts, rate and latency of the hands messages, as ``summary.json`` holds them."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np

_RECENT = 60


class RunStatistics:
    """Counts the processed frames of one or several cameras."""

    def __init__(self):
        self.frames = self.frames_with_hand = self.metric_frames = self.announced_frames = self.camera_frames = 0
        self.expected_frames = 0
        """Length of the sources together, 0 where nobody knows."""
        self.ids: set[int] = set()
        self.handedness: Counter = Counter({"left": 0, "right": 0})
        self.model = self.device = ""
        # Percentiles need all of them: 16 bytes a frame, 1.7 MB an hour at 30 Hz.
        self._latencies_s, self._times_s = array("d"), array("d")
        self.last_hands = 0

    def add(self, hands: list[tuple[int, str]], metric: bool, latency_s: float | None, published_s: float) -> None:
        """One processed frame: (id, side) of its hands, seconds from stamp to publication, time of publication."""
        self.frames += 1
        self.frames_with_hand += bool(hands)
        self.metric_frames += metric
        self.last_hands = len(hands)
        self.ids.update(identity for identity, _ in hands)
        self.handedness.update(side for _, side in hands)
        self._times_s.append(published_s)
        if latency_s is not None:
            self._latencies_s.append(latency_s)

    @property
    def source_frames(self) -> int:
        """Frames that the cameras sent: as they say themselves, or as their camera_info was seen."""
        return max(self.announced_frames, self.camera_frames, self.frames)

    def progress(self) -> dict:
        """Numbers of this moment, for a progress line."""
        return {
            "expected": self.expected_frames,
            "frames": self.frames, "frames_with_hand": self.frames_with_hand, "hands": self.last_hands,
            "fps": round(_rate(self._times_s[-_RECENT:]), 1),
            "latency_p50_ms": _percentile(self._latencies_s[-_RECENT:], 50) or 0.0,
            "source_frames": self.source_frames, "dropped": self.source_frames - self.frames,
        }  # fmt: skip

    def summary(self) -> dict:
        """The contents of ``summary.json``; latencies from image stamp to publish, None where nothing was measured."""
        return {
            "frames": self.frames,
            "frames_with_hand": self.frames_with_hand,
            "ids": sorted(self.ids),
            "handedness": dict(self.handedness),
            "fps": round(_rate(self._times_s), 2),
            "latency_ms": {"p50": _percentile(self._latencies_s, 50), "p95": _percentile(self._latencies_s, 95)},
            "dropped": self.source_frames - self.frames,
            "source_frames": self.source_frames,
            "metric_frames": self.metric_frames,
            "model": self.model,
            "device": self.device,
        }


def _rate(times_s) -> float:
    if len(times_s) < 2 or times_s[-1] <= times_s[0]:
        return 0.0
    return (len(times_s) - 1) / (times_s[-1] - times_s[0])


def _percentile(values_s, percent) -> float | None:
    return round(float(np.percentile(values_s, percent)) * 1e3, 1) if len(values_s) else None
