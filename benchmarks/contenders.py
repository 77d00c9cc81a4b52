"""Trackers that are timed on the same frames, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.decoded_video import DecodedVideo


@dataclass(frozen=True)
class Contender:
    """A worker script of this folder, the Python that runs it, and its options."""

    name: str
    python: str
    script: str
    options: dict

    def run(self, video: DecodedVideo, max_hands: int) -> dict:
        """``frame_file.timed`` on all frames. RuntimeError with the worker's last words if it fails."""
        command = [
            self.python, str(Path(__file__).with_name(self.script)), "--frames", str(video.path),
            "--width", str(video.width), "--height", str(video.height), "--rate", str(video.rate),
            "--warm-up", str(min(30, video.count // 4)), "--max-hands", str(max_hands),
            "--options", json.dumps(self.options),
        ]  # fmt: skip
        # Another venv's Python must not be told of our libraries.
        own = os.environ if self.python == sys.executable else _plain_environment()
        worker = subprocess.run(command, capture_output=True, text=True, env=own)
        if worker.returncode:
            raise RuntimeError(f"{self.name} ended with status {worker.returncode}: {worker.stderr[-2000:]}")
        return json.loads(worker.stdout.splitlines()[-1])


def _plain_environment() -> dict[str, str]:
    ours = ("PYTHONPATH", "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE")
    return {name: value for name, value in os.environ.items() if name not in ours}


@dataclass(frozen=True)
class Timing:
    """All rounds of one contender. ``rounds_cpu_ms``: CPU milliseconds per frame of each."""

    name: str
    frames: int
    with_hand: float
    fps: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    rounds_cpu_ms: tuple[float, ...]
    peak_mb: float


def race(contenders: list[Contender], video: DecodedVideo, max_hands: int, rounds: int) -> list[Timing]:
    """Run them in turn, A B C A B C."""
    results = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            result = contender.run(video, max_hands)
            results[contender.name].append(result)
            wall, cpu = (1e3 * np.array(result[key]) for key in ("wall_s", "cpu_s"))
            text = f"round {number + 1}, at most {max_hands} hands, {contender.name}: "
            print(text + f"{np.median(wall):.1f} ms, CPU {cpu.mean():.1f} ms per frame", file=sys.stderr, flush=True)
    return [_timing(name, runs) for name, runs in results.items()]


def _timing(name: str, runs: list[dict]) -> Timing:
    wall = 1e3 * np.concatenate([run["wall_s"] for run in runs])
    hands = np.concatenate([run["hands"] for run in runs])
    rounds = tuple(float(1e3 * np.mean(run["cpu_s"])) for run in runs)
    p50, p95 = np.percentile(wall, [50, 95])
    peak = max(run["peak_mb"] for run in runs)
    return Timing(name, len(wall), np.mean(hands > 0), 1e3 / wall.mean(), p50, p95, np.mean(rounds), rounds, peak)
