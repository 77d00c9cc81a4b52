"""Sources in processes of their own, for those that compute: batch k comes from process k modulo their number."""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable
from typing import Any

import cv2
import torch
from torch import multiprocessing

AHEAD = 2
PATIENCE_S = 1.0


class Feeders:
    """``batch(count)`` from ``number`` processes, each with ``open_source(its number)``, in a fixed order.

    ``open_source`` is pickled: a function of a module, or a ``functools.partial`` of one. All batches have one size.
    """

    def __init__(self, open_source: Callable[[int], Any], number: int):
        self._open, self._number, self._given, self._processes = open_source, number, 0, []

    def skip(self, count: int) -> None:
        """Pass over a batch; before the first ``batch`` only. RuntimeError afterwards."""
        if self._processes:
            raise RuntimeError("batches can be skipped before the first one only")
        self._given += 1

    def batch(self, count: int) -> Any:
        """The next batch. RuntimeError if its process died, or raised something."""
        if not self._processes:
            self._start(count)
        process, batches = self._processes[self._given % self._number]
        while True:
            try:
                item = batches.get(timeout=PATIENCE_S)
                break
            except queue.Empty:
                if not process.is_alive():
                    raise RuntimeError(f"a feeding process ended with status {process.exitcode}") from None
        if isinstance(item, str):
            raise RuntimeError(f"a feeding process stopped: {item}")
        self._given += 1
        return item

    def close(self) -> None:
        """End the processes."""
        for process, _ in self._processes:
            process.terminate()
        for process, _ in self._processes:
            process.join(timeout=5.0)
        self._processes = []

    def _start(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        for number in range(self._number):
            skipped = (self._given + self._number - 1 - number) // self._number
            batches = context.Queue(AHEAD)
            arguments = (self._open, number, count, skipped, batches)
            process = context.Process(target=feed, args=arguments, daemon=True, name=f"feeder {number}")
            process.start()
            self._processes.append((process, batches))


def feed(open_source: Callable[[int], Any], number: int, count: int, skipped: int, batches: Any) -> None:
    """A process's work: put batches until it is ended; what goes wrong is put as text."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training ends us, after it has saved
    try:
        source = open_source(number)
        if hasattr(source, "skip"):
            for _ in range(skipped):
                source.skip(count)
        while True:
            batches.put(source.batch(count))
    except Exception as error:
        batches.put(f"{type(error).__name__}: {error}")
