"""``StoredCrops``: what sources that read a store of crops have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.shards import Shards, Shuffled


class StoredCrops:
    """Crops from a folder of shards of one ``kind`` (the store's ``format``), in random order.

    The folder may still be written: new shards are noticed after each pass. FileNotFoundError without store.json;
    ValueError for a folder of another kind, or while no shard is complete.
    """

    kind = ""

    def __init__(self, folder: str | Path, seed: int = 0):
        self._shards = Shards(folder, self.kind)
        self.description = self._shards.description
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
        return self.labelled(self._shards.rows(np.asarray(index)))

    def labelled(self, crops: dict[str, np.ndarray]) -> HandBatch:
        """The batch of the store's arrays."""
        raise NotImplementedError
