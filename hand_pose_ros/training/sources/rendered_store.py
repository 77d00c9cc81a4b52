"""Rendered crops made once and read many times: for machines on which training is faster than drawing.

>>> store = RenderedStore("/work/lab/data/train")                         # doctest: +SKIP
>>> store.batch(64).images.shape                                          # doctest: +SKIP
torch.Size([64, 3, 160, 160])
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.crop_labels import rendered_batch
from hand_pose_ros.training.sources.shards import RENDERED
from hand_pose_ros.training.sources.stored_crops import StoredCrops


class RenderedStore(StoredCrops):
    """Crops from a folder that ``render store`` wrote or is still writing, with exact labels."""

    kind = RENDERED

    def labelled(self, crops: dict[str, np.ndarray]) -> HandBatch:
        """Every label of ``HandBatch`` is known."""
        return rendered_batch(crops)
