"""Ends a process whose shutdown hangs, so that nothing is left behind after Ctrl-C.

Its thread sleeps in a pipe until a signal comes: Python's own C code writes to it (``signal.set_wakeup_fd``), whatever
the main thread is busy with. Where even this thread cannot run (somebody keeps the GIL, or Python is gone already and
C++ destructors hang), the kernel's alarm ends the process a little later.
"""

from __future__ import annotations

import faulthandler
import math
import os
import signal
import sys
import threading
import time

_ALARM_LATER_S = 2
_LONGEST_REST_S = 3.0


class Watchdog:
    """``patience_s`` after the first signal with a Python handler, or after ``shutdown()``, it writes the stacks of all
    threads to stderr and ends the process: with status 1, or the earned one if ``work_done()`` was called. Where only
    the alarm can end it, it dies of SIGALRM.
    """

    def __init__(self, name: str, patience_s: float):
        self._name, self._patience_s = name, patience_s
        self._status, self._done = 1, threading.Event()

    def start(self) -> Watchdog:
        """Begin to listen for signals. Main thread only, as ``signal`` demands."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        # Chained: after the stacks are written, SIGALRM does what it does by default.
        faulthandler.register(signal.SIGALRM, file=sys.__stderr__ or 2, all_threads=True, chain=True)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def shutdown(self) -> None:
        """Shutdown begins without a signal: from now on it must not last."""
        signal.alarm(math.ceil(self._patience_s) + _ALARM_LATER_S)
        os.write(self._writer, b"\0")

    def work_done(self, status: int) -> None:
        """The node's files are closed: ``status`` is earned, and what is left, the middleware's end, must be quick."""
        self._status = status
        self._done.set()

    def _watch(self):
        os.read(self._reader, 1)
        signal.alarm(math.ceil(self._patience_s) + _ALARM_LATER_S)
        began, rest_s = time.monotonic(), min(self._patience_s, _LONGEST_REST_S)
        self._done.wait(self._patience_s - rest_s)
        time.sleep(rest_s)
        self._write(f"did not shut down within {time.monotonic() - began:.0f} s: ended by force; these are its stacks")
        faulthandler.dump_traceback(file=2, all_threads=True)
        os._exit(self._status)

    def _write(self, text):
        # Not by the logger, which may be what hangs; in its form, as others look for it.
        os.write(2, f"[ERROR] [{time.time():.9f}] [{self._name}]: {text}\n".encode())
