"""The labels of a rendered store without its pictures, in memory: for networks that see keypoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.crop_labels import rendered_batch
from hand_pose_ros.training.sources.shards import mapped, read_description

PICTURES = ("images", "segments", "depth_m")


class LabelStore:
    """A source of hands with images of one black pixel. FileNotFoundError where there is no store.

    Reads the shards that are complete when it is made; crops without a hand are left out.
    """

    def __init__(self, folder: str | Path, seed: int = 0):
        self._size = int(read_description(Path(folder))["size"])
        shards = [self._labels(mapped(path)) for path in sorted(Path(folder).glob("shard_*"))]
        if not shards:
            raise ValueError(f"{folder} has no complete shard yet: wait for the first one")
        batch = HandBatch.joined(shards)
        self.hands = batch.rows(batch.present > 0.5)
        self._random = torch.Generator().manual_seed(seed)

    def batch(self, count: int) -> HandBatch:
        """``count`` hands drawn at random."""
        return self.hands.rows(torch.randint(len(self.hands), (count,), generator=self._random))

    def skip(self, count: int) -> None:
        """Pass over a batch of ``count``, as a continued training does."""
        torch.randint(len(self.hands), (count,), generator=self._random)

    def _labels(self, shard: dict[str, np.ndarray]) -> HandBatch:
        labels = {name: np.array(values) for name, values in shard.items() if name not in PICTURES}
        count = len(labels["present"])
        labels["images"] = np.zeros((count, 1, 1, 3), np.uint8)
        labels["segments"] = np.zeros((count, 1, 1), np.uint8)
        # In pixels of a crop of one pixel, x becomes (x + 0.5) / size - 0.5.
        labels["keypoints_px"] = (labels["keypoints_px"] + 0.5) / self._size - 0.5
        matrix = labels["camera_matrix"].astype(np.float64)
        matrix[:, :2] /= self._size
        matrix[:, :2, 2] += 0.5 / self._size - 0.5
        labels["camera_matrix"] = matrix
        return rendered_batch(labels)
