"""``HandSegTask``: HandSegNet's training (Zimmermann & Brox 2017, supplement, section A): cross-entropy per pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.losses.heatmaps import weighted_mean
from hand_pose_ros.training.papers.mosaic import mosaic
from hand_pose_ros.training.trainer.task import Task

LAST_PHALANX, OTHER_HAND = 16, 32


class HandSegTask(Task):
    """``HandSegTask(HandSegNet(...), tiles=...)``. Hands are palms and fingers of every hand in the picture.

    ``tiles``: how many crops lie side by side in a training picture, one of these numbers by chance. The paper
    trains on whole images, where hands are small; crops make such images by the mosaic.
    """

    def __init__(self, network: nn.Module, tiles: Sequence[int] = (1,)):
        super().__init__(network)
        if not tiles or min(tiles) < 1:
            raise ValueError(f"tiles is {tiles!r}: give numbers of crops side by side, 1 or more")
        self._tiles = tuple(tiles)

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """Cross-entropy of the two classes' scores, mean over labelled pixels."""
        tiles = self._tiles[int(torch.randint(len(self._tiles), ()))]
        images, segments = mosaic(batch.images, batch.segments, tiles)
        truth, known = hand_pixels(segments)
        scores = network(images)["scores"]
        loss = functional.cross_entropy(scores, truth.long(), reduction="none")
        return {"loss": weighted_mean(loss, known.to(loss.dtype))}

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """Of all labelled pixels: ``iou`` of the hands, ``error`` 1 - IoU, ``accuracy``."""
        common = union = right = count = 0.0
        for batch in batches:
            truth, known = hand_pixels(batch.segments)
            said = network(batch.images)["mask"] > 0.5
            common += float((said & truth & known).sum())
            union += float(((said | truth) & known).sum())
            right += float(((said == truth) & known).sum())
            count += float(known.sum())
        iou = common / max(union, 1.0)
        return {"error": 1.0 - iou, "iou": iou, "accuracy": right / max(count, 1.0)}


def hand_pixels(segments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks (N, S, S) bool of ``HandBatch.segments``: which pixels show a hand, which are labelled."""
    known = segments != UNKNOWN_SEGMENT
    hand = (segments >= 1) & (segments <= LAST_PHALANX) | (segments >= OTHER_HAND)
    return hand & known, known
