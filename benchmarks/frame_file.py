"""Decoded frames in a file, and the timing of a tracker on them. Needs numpy only: MediaPipe's Python runs it too.

Frames lie in a file, so that no decoder runs while a tracker is timed; each is read into one buffer before its turn.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


class FrameFile:
    """RGB frames (height, width, 3) uint8, one after the other. Iterating yields the same buffer with new contents."""

    def __init__(self, path: str, width: int, height: int):
        self._path, self._buffer = Path(path), np.empty((height, width, 3), np.uint8)

    def __iter__(self):
        with self._path.open("rb", buffering=0) as file:
            while file.readinto(self._buffer) == self._buffer.nbytes:
                yield self._buffer


def run_worker(make: Callable, description: str) -> int:
    """A worker's main: time the tracker ``make(args)`` on the frames of the command line, print the result as JSON."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--frames", required=True, help="file of raw RGB frames")
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--height", type=int, required=True)
    parser.add_argument("--rate", type=float, default=30.0, help="frames per second of the video")
    parser.add_argument("--warm-up", type=int, default=30, help="first frames, which do not count")
    parser.add_argument("--max-hands", type=int, default=2)
    parser.add_argument("--options", type=json.loads, default={}, help="of this tracker, as JSON")
    args = parser.parse_args()
    result = timed(make(args), FrameFile(args.frames, args.width, args.height), args.warm_up)
    print(json.dumps(result), flush=True)
    return 0


def timed(track: Callable[[np.ndarray], int], frames: FrameFile, warm_up: int) -> dict:
    """Seconds per frame that ``track(image) -> hands`` takes, CPU seconds of the whole process, peak memory.

    CPU time is that of all threads, also between two frames; only what this thread needs to read a frame is left out.
    """
    wall, cpu, found, before = [], [], [], time.process_time()
    frames = iter(frames)
    while True:
        reading = time.thread_time()
        image = next(frames, None)
        reading = time.thread_time() - reading
        if image is None:
            break
        started = time.perf_counter()
        found.append(track(image))
        wall.append(time.perf_counter() - started)
        now = time.process_time()
        cpu.append(now - before - reading)
        before = now
    return {"wall_s": wall[warm_up:], "cpu_s": cpu[warm_up:], "hands": found[warm_up:], "peak_mb": peak_mb()}


def peak_mb(pid: int | str = "self") -> float:
    """Largest resident memory of a process so far, MB. (ru_maxrss would begin with that of the parent.)"""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return kilobytes / 1024
