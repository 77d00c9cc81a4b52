"""Hands cut out of stored crops by their masks, to be laid on any picture: a hand and arm without a patch's border."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.training.sources.frames_canvas import Picture
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND
from hand_pose_ros.training.sources.shards import RENDERED, Shards, Shuffled

FEWEST_VISIBLE = 6
OTHER_HAND, MOST_OF_IT = 32, 0.01
"""Value of ``segments`` at a hand that has no label, and how much of it a crop may show."""


class CropPictures:
    """Cut-outs from a store of rendered crops (``sources/rendered_store.py``). ValueError for another kind of store."""

    def __init__(self, folder: str | Path, seed: int = 0):
        self._shards = Shards(folder, RENDERED)
        self._order = Shuffled(self._shards.refresh, seed)

    def take(self) -> Picture:
        """The next crop with a hand and no other one beside it."""
        while True:
            rows = self._shards.rows(self._order.take(1))
            segments = rows["segments"][0]
            if rows["present"][0] and (segments == OTHER_HAND).mean() <= MOST_OF_IT:
                return cut_out({name: values[0] for name, values in rows.items()})


def cut_out(row: dict[str, np.ndarray]) -> Picture:
    """The picture of one crop, with a mask of what is no background."""
    state = HAND if row["visible"].sum() >= FEWEST_VISIBLE else DOUBTFUL
    mask = np.where(row["segments"] > 0, 255, 0).astype(np.uint8)
    keypoints = row["keypoints_px"].astype(np.float64)[None]
    return Picture(row["images"], keypoints, np.array([state]), np.array([float(not row["left"])]), mask=mask)
