"""Pseudo-labelled crops of photographs, from a folder that ``hand_pose_ros pseudo_label`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.crop_labels import pixels, tensor
from hand_pose_ros.training.sources.shards import PHOTOGRAPHS, Shards, Shuffled

DETECTED, CENTRES = KEYPOINTS = ("detected", "centres")
JOINT_TRUST = 0.3
"""``joint_weight`` over ``keypoint_weight``: the teacher's third dimension is worth less than its pixels."""


class PhotographStore:
    """Crops with the teacher's keypoints, weighted by its confidence.

    ``keypoints``: ``detected``, where annotators click (the teacher's own), or ``centres``, where its lifter sees the
    joints' centres, as in rendered crops. Unknown, and NaN in the batch: camera, metres, visibility. Joints are those
    of a camera that looks straight at the crop. FileNotFoundError without store.json; ValueError for another kind of
    store.
    """

    def __init__(self, folder: str | Path, seed: int = 0, keypoints: str = DETECTED, joint_trust: float = JOINT_TRUST):
        self._shards = Shards(folder)
        self.description = self._shards.description
        if self.description.get("format") != PHOTOGRAPHS:
            raise ValueError(f"{folder} holds {self.description.get('format')!r}, not {PHOTOGRAPHS!r}")
        if keypoints not in KEYPOINTS:
            raise ValueError(f"keypoints is {keypoints!r}: give one of {', '.join(KEYPOINTS)}")
        self.size, self._keypoints, self._trust = int(self.description["size"]), keypoints, joint_trust
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
        return photograph_batch(self._shards.rows(np.asarray(index)), self._keypoints, self._trust)

    def source_of(self, index) -> list[str]:
        """The name of the source of each of crops ``index`` (N,)."""
        return [self.description["sources"][number] for number in self._shards.rows(np.asarray(index))["source"]]


def photograph_batch(crops: Mapping[str, np.ndarray], keypoints: str, joint_trust: float) -> HandBatch:
    """The batch of arrays named and shaped as in ``pseudo_labels.labelled_rows``."""
    count, present = len(crops["present"]), np.asarray(crops["present"], bool)
    weight = crops["confidence"] * present[:, None]
    chosen = crops["keypoints"]
    if keypoints == CENTRES:
        chosen = np.where(np.isfinite(crops["centres"]), crops["centres"], chosen)
    return HandBatch(
        images=pixels(crops["images"]),
        keypoints=tensor(chosen),
        keypoint_weight=tensor(weight),
        visible=torch.full((count, 21), float("nan")),
        joints=tensor(crops["joints"]),
        joint_weight=tensor(joint_trust * weight),
        root=torch.full((count, 3), float("nan")),
        hand_scale=torch.full((count,), float("nan")),
        camera=torch.full((count, 3, 3), float("nan")),
        right=tensor(np.where(present, crops["right"], np.nan)),
        present=tensor(present),
        segments=torch.from_numpy(np.ascontiguousarray(crops["segments"])),
        real=torch.ones(count),
    )
