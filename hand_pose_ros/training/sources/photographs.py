"""Pseudo-labelled crops of photographs, from a folder that ``hand_pose_ros pseudo_label`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.crop_labels import pixels, tensor
from hand_pose_ros.training.sources.shards import PHOTOGRAPHS
from hand_pose_ros.training.sources.stored_crops import StoredCrops

DETECTED, CENTRES = KEYPOINTS = ("detected", "centres")
JOINT_TRUST = 0.3
"""``joint_weight`` over ``keypoint_weight``: the teacher's third dimension is worth less than its pixels."""


class PhotographStore(StoredCrops):
    """Crops with the teacher's keypoints, weighted by its confidence.

    ``keypoints``: ``detected``, where annotators click (the teacher's own), or ``centres``, where its lifter sees the
    joints' centres, as in rendered crops. Unknown, and NaN in the batch: camera, metres, visibility. Joints are those
    of a camera that looks straight at the crop.
    """

    kind = PHOTOGRAPHS

    def __init__(self, folder: str | Path, seed: int = 0, keypoints: str = DETECTED, joint_trust: float = JOINT_TRUST):
        super().__init__(folder, seed)
        if keypoints not in KEYPOINTS:
            raise ValueError(f"keypoints is {keypoints!r}: give one of {', '.join(KEYPOINTS)}")
        self._keypoints, self._trust = keypoints, joint_trust

    def labelled(self, crops: dict[str, np.ndarray]) -> HandBatch:
        """As ``photograph_batch``."""
        return photograph_batch(crops, self._keypoints, self._trust)

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
