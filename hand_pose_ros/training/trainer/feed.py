"""Batches ahead of the loop: a thread fetches from the source while the network learns."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import torch

AHEAD = 3


class Feed:
    """The source's batches of ``count``, without the first ``skipped``; ``waited_s`` is what the loop has waited.

    A source with ``skip(count)`` passes over a batch without making it, so that a training that was interrupted goes on
    with the batches that it would have had. Without, it goes on with the source's first ones again.
    """

    def __init__(self, source: Any, count: int, skipped: int = 0, device: str = "cpu"):
        self.waited_s = 0.0
        self._source, self._count, self._skipped, self._device = source, count, skipped, device
        self._batches: queue.Queue = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fetch_all, daemon=True, name="feed")
        self._thread.start()

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_) -> None:
        self._closed.set()
        self._thread.join(timeout=10.0)

    def __next__(self) -> Any:
        """The next batch. Raises what the source raised."""
        began = time.monotonic()
        batch = self._batches.get()
        self.waited_s += time.monotonic() - began
        if isinstance(batch, Exception):
            raise batch
        return batch

    def _fetch_all(self) -> None:
        try:
            if self._device != "cpu":
                torch.cuda.set_device(self._device)  # each thread has its own; memory is pinned for this one
            if hasattr(self._source, "skip"):
                for _ in range(self._skipped):
                    self._source.skip(self._count)
            while not self._closed.is_set():
                self._put(self._fetch())
        except Exception as error:  # handed to the loop, which raises it
            self._put(error)

    def _put(self, item: Any) -> None:
        while not self._closed.is_set():
            try:
                self._batches.put(item, timeout=0.2)
                break
            except queue.Full:
                continue

    def _fetch(self) -> Any:
        batch = self._source.batch(self._count)
        if self._device == "cpu" or not hasattr(batch, "each"):
            return batch
        return batch.each(lambda tensor: tensor.pin_memory())
