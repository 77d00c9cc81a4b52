"""Processes that end with their parent, whatever happens to it, and that are stopped in order and in time."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_POLL_S, _AGAIN_S = 0.02, 1.0


class NodeProcess:
    """One node. Its log goes to a file, of which ``news()`` tells the lines that have come since; stdout is a pipe."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict, niceness: int = 0):
        self.name = name
        self._log = log.open("wb")
        self._read = log.open("rb")
        self._lines: list[str] = []
        parent = os.getpid()
        # A group of its own: Ctrl-C in the terminal reaches us alone, and we decide who stops when. No session of its
        # own: Linux weighs niceness only within a session (autogroup).
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, env=environment,
            preexec_fn=lambda: _bind_to(parent, niceness),
        )  # fmt: skip
        os.set_blocking(self._process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id, also that of its group."""
        return self._process.pid

    @property
    def stdout(self):
        """What the node prints; reading does not block."""
        return self._process.stdout

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the node and everything that it started."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def wait(self, deadline_s: float) -> bool:
        """True once it has ended; False at ``deadline_s`` (time.monotonic())."""
        while self.returncode is None and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        return self.returncode is not None

    def kill(self) -> None:
        """End it and everything that it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def news(self) -> list[str]:
        """Complete lines of the log since the last call."""
        lines = self._read.readlines()
        if lines and not lines[-1].endswith(b"\n"):
            self._read.seek(-len(lines.pop()), os.SEEK_CUR)
        texts = [line.decode("utf-8", "replace").rstrip() for line in lines]
        self._lines = [*self._lines, *texts][-200:]
        return texts

    def last_words(self) -> str:
        """The reason it gave for its end: its last error message, else its last line (a traceback ends with it)."""
        self.news()
        spoken = [line for line in self._lines if line.strip()]
        errors = [line for line in spoken if "[ERROR]" in line or "[FATAL]" in line]
        crashed = any(line.startswith("Traceback ") for line in spoken)
        return _without_time(((not crashed and errors) or spoken or ["it said nothing"])[-1])

    def close(self) -> None:
        """Free the files."""
        for file in (self._log, self._read, self._process.stdout):
            file.close()


def _without_time(line: str) -> str:
    """ROS's ``[FATAL] [1795277360.473] [node]: text`` without what only a log needs."""
    return re.sub(r"^\[\w+\] \[[\d.]+\] \[[^]]*\]: ", "", line)


def stop(groups: list[list[NodeProcess]], patience_s: list[float], in_a_hurry=lambda: False) -> list[str]:
    """End the processes, group after group; return the names of those that did not end when asked.

    Each group gets SIGINT and its patience in seconds, then SIGKILL. As soon as ``in_a_hurry()``, everything is killed.
    """
    stubborn = []
    for group, seconds in zip(groups, patience_s, strict=True):
        _ask(group, time.monotonic() + seconds, in_a_hurry)
        stubborn += [process.name for process in group if process.returncode is None]
        for process in group:
            process.kill()  # also what a node may have left in its group
    return stubborn


def _ask(group, deadline_s, in_a_hurry):
    asked_s = -_AGAIN_S
    while any(process.returncode is None for process in group):
        now = time.monotonic()
        if now > deadline_s or in_a_hurry():
            return
        if now - asked_s >= _AGAIN_S:
            # More than once: a KeyboardInterrupt that hits Python inside a callback of C code is lost.
            asked_s = now
            for process in group:
                process.signal(signal.SIGINT)
        time.sleep(_POLL_S)


def _bind_to(parent: int, niceness: int) -> None:
    """In the child, before its program starts: lead a group, die with the parent, give way to others."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    # Whoever ignores SIGINT (a shell's background job) hands that down.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if niceness:
        os.nice(niceness)
