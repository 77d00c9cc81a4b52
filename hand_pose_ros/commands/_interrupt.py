"""Signals that ask us to stop, noted instead of raised: nothing is torn in the middle."""

from __future__ import annotations

import signal

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """From its making on, SIGINT, SIGTERM and SIGHUP only set ``number``; a second one sets ``hurry``."""

    def __init__(self):
        self.number, self.hurry = 0, False
        self._before = {number: signal.signal(number, self._note) for number in _STOPPING}

    def _note(self, number, _frame):
        self.hurry = self.number != 0
        self.number = self.number or number

    @property
    def name(self) -> str:
        """Such as SIGINT."""
        return signal.Signals(self.number).name

    @property
    def status(self) -> int:
        """The exit status that shells give: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number

    def release(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
