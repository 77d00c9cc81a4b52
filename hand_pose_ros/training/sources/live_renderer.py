"""Crops straight from renderer processes, nothing on disk: for machines that draw as fast as they train.

>>> with LiveRenderer("/path/to/makehuman", size=160, processes=8) as source:     # doctest: +SKIP
...     source.batch(256)
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.sources.crop_labels import rendered_batch
from hand_pose_ros.training.sources.crop_ring import CropRing
from hand_pose_ros.training.sources.store_making import store_scenes
from hand_pose_ros.training.split import TRAIN

PATIENCE_S = 1.0


class LiveRenderer:
    """``processes`` renderers (0: one per core), read in turn, so that the same seed gives the same crops.

    Raises FileNotFoundError without the MakeHuman files; ``batch`` raises RuntimeError when a renderer has died, whose
    message stands on stderr. Ends its processes on ``close`` or at the end of a ``with`` block.
    """

    def __init__(
        self, makehuman: str | Path | None = None, size: int = 160, seed: int = 0, split: str = TRAIN,
        processes: int = 0, backgrounds: Sequence[str | Path] = (), scenes: SceneSettings | None = None, rows: int = 32,
    ):  # fmt: skip
        MakeHumanFolder(makehuman)  # says what is missing before processes start
        os.environ["LP_NUM_THREADS"] = "1"  # Mesa's: one core per renderer
        context = multiprocessing.get_context("spawn")
        count = processes or len(os.sched_getaffinity(0))
        scenes, folders = scenes or store_scenes(split), [Path(folder) for folder in backgrounds]
        self.size, self._turn, self._waiting = size, 0, []
        self._rings = [CropRing(context, size, rows) for _ in range(count)]
        self._processes = [
            context.Process(target=draw, args=(ring, makehuman, [seed, number], scenes, folders), daemon=True)
            for number, ring in enumerate(self._rings)
        ]
        for process in self._processes:
            process.start()

    def batch(self, count: int) -> HandBatch:
        """The next ``count`` crops, waiting for the renderers if need be."""
        while sum(len(chunk["present"]) for chunk in self._waiting) < count:
            self._waiting.append(self._next_chunk())
        joined = {name: np.concatenate([chunk[name] for chunk in self._waiting]) for name in self._waiting[0]}
        self._waiting = [{name: values[count:] for name, values in joined.items()}]
        return rendered_batch({name: values[:count] for name, values in joined.items()})

    def _next_chunk(self) -> dict[str, np.ndarray]:
        ring, process = self._rings[self._turn], self._processes[self._turn]
        self._turn = (self._turn + 1) % len(self._rings)
        while (chunk := ring.read(PATIENCE_S)) is None:
            if not process.is_alive():
                raise RuntimeError(f"a renderer process ended with status {process.exitcode}; its message stands above")
        return chunk

    def close(self):
        """End the renderers."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def __enter__(self) -> LiveRenderer:
        return self

    def __exit__(self, *_):
        self.close()


def draw(ring: CropRing, makehuman, seed, scenes: SceneSettings, backgrounds: list[Path]):
    """A renderer process: fills its ring until it is ended."""
    import cv2

    from hand_pose_ros.training.renderer.crops import CropRenderer

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which ends us after it has saved
    cv2.setNumThreads(1)
    renderer = CropRenderer(makehuman, ring.size, seed, scenes, backgrounds)
    while True:
        ring.write(renderer.batch(ring.rows))
