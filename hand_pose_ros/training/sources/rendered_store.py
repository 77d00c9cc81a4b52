"""Rendered crops made once and read many times: for machines on which training is faster than drawing.

>>> store = RenderedStore("/work/lab/data/train")                         # doctest: +SKIP
>>> store.batch(64).images.shape                                          # doctest: +SKIP
torch.Size([64, 3, 160, 160])
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.crop_labels import rendered_batch
from hand_pose_ros.training.sources.shards import RENDERED, Shards, Shuffled


class RenderedStore:
    """Crops from a folder that ``render store`` wrote or is still writing: new shards are noticed after each pass.

    FileNotFoundError without store.json; ValueError for a folder of another kind, or while no shard is complete.
    """

    def __init__(self, folder: str | Path, seed: int = 0):
        self._shards = Shards(folder)
        self.description = self._shards.description
        if self.description.get("format") != RENDERED:
            raise ValueError(f"{folder} holds {self.description.get('format')!r}, not {RENDERED!r}")
        self.size = int(self.description["size"])
        self._order = Shuffled(self._shards.refresh, seed)

    def __len__(self) -> int:
        return len(self._shards)

    def batch(self, count: int) -> HandBatch:
        """The next ``count`` crops in random order, each once before any comes again."""
        return self.rows(self._order.take(count))

    def skip(self, count: int) -> None:
        """Pass over the next ``count`` crops without reading them: a continued training goes on where it was."""
        self._order.take(count)

    def rows(self, index) -> HandBatch:
        """Crops ``index`` (N,), always the same ones."""
        return rendered_batch(self._shards.rows(np.asarray(index)))
