"""Shared memory through which one renderer process hands its crops over, as a ring of chunks: no pickling, no disk."""

from __future__ import annotations

import ctypes
from multiprocessing.context import BaseContext

import numpy as np

CHUNKS = 4
"""Chunks a renderer may be ahead."""


def layout(size: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape of a row and type of every array, as in ``renderer.crops.CropBatch``."""
    return {
        "images": ((size, size, 3), "u1"), "segments": ((size, size), "u1"), "keypoints_px": ((21, 2), "f4"),
        "joints_m": ((21, 3), "f4"), "visible": ((21,), "?"), "camera_matrix": ((3, 3), "f4"), "left": ((), "?"),
        "present": ((), "?"), "hand_scale_m": ((), "f4"),
    }  # fmt: skip


class CropRing:
    """``CHUNKS`` chunks of ``rows`` crops of ``size`` px; one process writes, another reads, in turn."""

    def __init__(self, context: BaseContext, size: int, rows: int):
        self.size, self.rows, self._next = size, rows, 0
        self._memory = {
            name: context.RawArray(ctypes.c_byte, CHUNKS * rows * int(np.prod(shape)) * np.dtype(kind).itemsize)
            for name, (shape, kind) in layout(size).items()
        }
        self._free, self._full = context.Semaphore(CHUNKS), context.Semaphore(0)

    def write(self, crops):
        """Put the arrays of a ``CropBatch`` of ``rows`` crops into the next free chunk; waits for one."""
        self._free.acquire()
        for name, chunk in self._chunk().items():
            chunk[:] = getattr(crops, name)
        self._next = (self._next + 1) % CHUNKS
        self._full.release()

    def read(self, timeout_s: float) -> dict[str, np.ndarray] | None:
        """Copies of the arrays of the next chunk; None if none comes within ``timeout_s``."""
        if not self._full.acquire(timeout=timeout_s):
            return None
        arrays = {name: chunk.copy() for name, chunk in self._chunk().items()}
        self._next = (self._next + 1) % CHUNKS
        self._free.release()
        return arrays

    def _chunk(self) -> dict[str, np.ndarray]:
        return {
            name: np.frombuffer(self._memory[name], kind).reshape(CHUNKS, self.rows, *shape)[self._next]
            for name, (shape, kind) in layout(self.size).items()
        }
