"""Several composers in processes of their own, for machines on which the network learns faster than one draws."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable
from typing import Any

import torch

from hand_pose_ros.training.sources.frames_batch import FrameBatch

CHUNK, AHEAD = 16, 6
"""Images that a process draws at a time, and how many such pieces it is ahead."""
PATIENCE_S = 5.0


class ComposerProcesses:
    """``count`` composers made by ``make(number)`` in processes of their own; their images are taken in turn, so that
    what is drawn does not depend on which is fastest. ``make`` must be picklable. RuntimeError if a process dies.
    """

    def __init__(self, make: Callable[[int], Any], count: int):
        context = multiprocessing.get_context("spawn")
        self._queues = [context.Queue(AHEAD) for _ in range(count)]
        self._processes = [
            context.Process(target=_draw, args=(make, number, pieces), daemon=True)
            for number, pieces in enumerate(self._queues)
        ]
        for process in self._processes:
            process.start()
        self._turn, self._left = 0, None

    def batch(self, count: int) -> FrameBatch:
        """The next ``count`` images."""
        parts, missing = [], count
        while missing > 0:
            piece = self._left if self._left is not None else self._next()
            parts.append(piece.rows(slice(0, missing)))
            self._left = piece.rows(slice(missing, None)) if len(piece) > missing else None
            missing -= len(parts[-1])
        return FrameBatch.joined(parts)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def _next(self) -> FrameBatch:
        number, self._turn = self._turn, (self._turn + 1) % len(self._queues)
        while True:
            try:
                arrays = self._queues[number].get(timeout=PATIENCE_S)
                return FrameBatch(**{name: torch.from_numpy(values) for name, values in arrays.items()})
            except queue.Empty:
                if not self._processes[number].is_alive():
                    raise RuntimeError(f"composer process {number} ended: its message stands above") from None


def _draw(make: Callable[[int], Any], number: int, pieces: Any) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    composer = make(number)
    while True:
        batch = composer.batch(CHUNK)
        pieces.put({name: tensor.numpy() for name, tensor in vars(batch).items()})
