"""Crops of published datasets: whatever their readers yield as ``Sample``, as one more source to train on.

>>> SampleSource(["rhd:/data/RHD_published_v2:training", "freihand:/data/FreiHAND"])       # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hand_pose_ros.training.datasets.formats import read_dataset
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.sample import Sample
from hand_pose_ros.training.sources.crop_labels import normalised, pixels, tensor
from hand_pose_ros.training.sources.sample_crop import Framing, crop_row, empty_row
from hand_pose_ros.training.sources.shards import Shuffled

FEWEST_LABELLED = 5
"""Hands with fewer labelled keypoints say too little about where the crop should lie."""


class SampleSource:
    """Endless shuffled crops of ``size`` px of datasets (names as for ``evaluate``) or of a list of ``Sample``.

    ``real``: photographs, or rendered images of others. Each hand is a crop; an image that is said to hold none gives
    crops without a hand. ValueError if nothing is left to train on; OSError while reading an image that is missing.
    """

    def __init__(
        self, datasets: Sequence[str | Sample], size: int = 160, seed: int = 0, real: bool = True,
        upright: bool = False,
    ):  # fmt: skip
        samples = [s for item in datasets for s in ([item] if isinstance(item, Sample) else read_dataset(item))]
        self._jobs = [job for sample in samples for job in _jobs(sample)]
        if not self._jobs:
            raise ValueError(f"{len(samples)} samples hold no hand with {FEWEST_LABELLED} keypoints: nothing to crop")
        self.size, self._real, self._framing = size, real, Framing(upright=upright)
        self._order, self._random = Shuffled(self.__len__, seed), np.random.default_rng(seed + 1)

    def __len__(self) -> int:
        return len(self._jobs)

    def batch(self, count: int) -> HandBatch:
        """The next ``count`` crops, each hand once before any comes again."""
        return self.rows(self._order.take(count))

    def rows(self, index) -> HandBatch:
        """Crops ``index`` (N,), newly placed."""
        rows = [self._row(*self._jobs[int(number)]) for number in index]
        return sample_batch({name: np.stack([row[name] for row in rows]) for name in rows[0]}, self._real)

    def _row(self, sample: Sample, number: int | None) -> dict:
        image = sample.image()
        if number is None:
            return empty_row(image, self.size, self._random)
        label = sample.hands[number]
        box = self._framing.box(label.keypoints_px, self._random)
        return crop_row(image, label, sample.camera, box, self.size)


def _jobs(sample: Sample) -> list[tuple[Sample, int | None]]:
    labelled = [np.isfinite(hand.keypoints_px).all(axis=1).sum() for hand in sample.hands]
    if not labelled and sample.exhaustive:
        return [(sample, None)]
    return [(sample, number) for number, count in enumerate(labelled) if count >= FEWEST_LABELLED]


def sample_batch(crops: dict[str, np.ndarray], real: bool) -> HandBatch:
    """The batch of rows of ``sample_crop``; weights are 1 where a label is known."""
    joints, root = normalised(crops["joints_m"], crops["hand_scale"])
    placed = np.isfinite(crops["joints_m"]).all(axis=2) & np.isfinite(crops["hand_scale"])[:, None]
    known = np.isfinite(crops["keypoints"]).all(axis=2)
    size = crops["images"].shape[1]
    segments = np.where(crops["present"] > 0, UNKNOWN_SEGMENT, 0).astype(np.uint8)
    return HandBatch(
        images=pixels(crops["images"]),
        keypoints=tensor(np.nan_to_num(crops["keypoints"])),
        keypoint_weight=tensor(known),
        visible=tensor(crops["visible"]),
        joints=tensor(joints * placed[..., None]),
        joint_weight=tensor(placed),
        root=tensor(root),
        hand_scale=tensor(crops["hand_scale"]),
        camera=tensor(crops["camera"]),
        right=tensor(crops["right"]),
        present=tensor(crops["present"]),
        segments=torch.from_numpy(segments)[:, None, None].repeat(1, size, size),
        real=torch.full((len(known),), float(real)),
    )
