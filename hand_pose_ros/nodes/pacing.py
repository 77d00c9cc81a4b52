"""When the next picture of a file is due, in wall time, and what its stamp is."""

from __future__ import annotations

import threading
import time


class Pace:
    """A steady rate on the monotonic clock. After a delay of more than a period it goes on from now: no burst."""

    def __init__(self, rate: float):
        self.period_s = 1.0 / rate
        self._due_s = time.monotonic()

    def wait(self, stopped: threading.Event) -> bool:
        """Sleep until the next picture is due; False if ``stopped`` was set meanwhile."""
        now = time.monotonic()
        self._due_s = max(self._due_s, now - self.period_s)
        # Event.wait with a timeout of 0 or less returns at once.
        if stopped.wait(max(0.0, self._due_s - now)):
            return False
        self._due_s += self.period_s
        return True


class SimulatedClock:
    """A clock that moves by one period with each picture, from the wall time at which it was made."""

    def __init__(self, rate: float):
        self._start_ns, self._period_ns, self._ticks = time.time_ns(), 1e9 / rate, 0

    def tick(self) -> int:
        """The next time in nanoseconds."""
        self._ticks += 1
        return self._start_ns + round(self._ticks * self._period_ns)


class BackOff:
    """Growing pauses between attempts: 1, 2, 4, ... seconds, at most ``longest_s``."""

    def __init__(self, first_s: float = 1.0, longest_s: float = 30.0):
        self._first_s, self._longest_s, self.next_s = first_s, longest_s, first_s

    def failed(self) -> float:
        """The pause in seconds after another failure."""
        pause, self.next_s = self.next_s, min(2.0 * self.next_s, self._longest_s)
        return pause

    def succeeded(self) -> None:
        """Start again with the shortest pause."""
        self.next_s = self._first_s
