"""``HandSegTask``: HandSegNet's training (Zimmermann & Brox 2017, supplement, section A): cross-entropy per pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.losses.heatmaps import weighted_mean
from hand_pose_ros.training.papers.mosaic import mosaic
from hand_pose_ros.training.papers.paper_localiser_task import CARD, PaperLocaliserTask

LAST_PHALANX, OTHER_HAND = 16, 32


class HandSegTask(PaperLocaliserTask):
    """``HandSegTask(HandSegNet(...), tiles=...)``. Hands are palms and fingers of every hand in the picture."""

    best = "-iou"
    card = CARD | {"mask_threshold": 0.5, "mask_least": 0.001, "mask_gap": 0.0}

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """Cross-entropy of the two classes' scores, mean over labelled pixels."""
        tiles = self._tiles[int(torch.randint(len(self._tiles), ()))]
        images, segments = mosaic(batch.images, batch.segments, tiles)
        truth, known = hand_pixels(segments)
        loss = functional.cross_entropy(network(images)["scores"], truth.long(), reduction="none")
        return {"loss": weighted_mean(loss, known.to(loss.dtype))}

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """Detections as for other localisers; of the crops' labelled pixels ``iou`` of the hands and ``accuracy``."""
        common = union = right = count = 0.0
        for batch in batches:
            truth, known = hand_pixels(batch.segments)
            said = network(batch.images)["mask"] > 0.5
            common += float((said & truth & known).sum())
            union += float(((said | truth) & known).sum())
            right += float(((said == truth) & known).sum())
            count += float(known.sum())
        pixels = {"iou": common / max(union, 1.0), "accuracy": right / max(count, 1.0)}
        return super().validate(network, batches) | pixels


def hand_pixels(segments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks (N, S, S) bool of ``HandBatch.segments``: which pixels show a hand, which are labelled."""
    known = segments != UNKNOWN_SEGMENT
    hand = (segments >= 1) & (segments <= LAST_PHALANX) | (segments >= OTHER_HAND)
    return hand & known, known
