"""``LiftingTask``: the comparison of Table 2 of Zimmermann & Brox 2017. Networks see score maps, never images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from hand_pose_ros.networks.zimmermann import normalised
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.papers.label_store import LabelStore
from hand_pose_ros.training.papers.lifting_loss import lifting_losses
from hand_pose_ros.training.papers.zimmermann_task import PUBLISHED_PX, ScoreMapSettings, score_maps
from hand_pose_ros.training.trainer.task import Task

SHIFT_PX, LARGEST_SCALE = 10.0, 1.2
"""Supplement, section C: crops are moved by this deviation and enlarged by a factor of 1 to 1.2."""


class LiftingTask(Task):
    """``LiftingTask(a network of pose_prior_net, map_size=32, **fields of ScoreMapSettings)``.

    Trains on the labels of the rendered store that is the configuration's first source (``folder``). Validation is on
    true keypoints with the same noise as in training, as in the paper's table.
    """

    def __init__(self, network: nn.Module, map_size: int = 32, **settings):
        super().__init__(network)
        self._map_size, self.settings = map_size, ScoreMapSettings(**settings)

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The terms of ``lifting_losses``, weighted equally."""
        terms = lifting_losses(self._run(network, batch), batch)
        return {"loss": sum(terms.values()), **terms}

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """``error``: mean joint distance in hand scales; ``median_mm`` at the hand's true size, as in the table."""
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)  # the same noise for every network and every validation
            joints = [(self._run(network, batch)["joints"], batch) for batch in batches]
        errors, metres = (torch.cat(parts) for parts in zip(*(_distances(*pair) for pair in joints), strict=True))
        return {
            "error": float(errors.mean()),
            "median_mm": float(metres.median() * 1000.0),
            "mean_mm": float(metres.mean() * 1000.0),
        }

    def source(self, settings: dict, seed: int, stores: Any) -> LabelStore:
        """The labels alone. ValueError for sources that are no store."""
        block = next(iter(settings.values()), {})
        if "folder" not in block:
            raise ValueError(f"sources {settings}: give the folder of a rendered store")
        return LabelStore(stores.folder / str(block["folder"]), seed)

    def prepare(self, batch: HandBatch, augment: bool, generator: torch.Generator) -> HandBatch:
        """Keypoints as in crops that were moved and enlarged."""
        if not augment:
            return batch
        device, count = batch.keypoints.device, len(batch)
        scale = 1.0 + (LARGEST_SCALE - 1.0) * torch.rand(count, 1, 1, device=device, generator=generator)
        shift = SHIFT_PX / PUBLISHED_PX * torch.randn(count, 1, 2, device=device, generator=generator)
        return replace(batch, keypoints=(batch.keypoints - 0.5) * scale + 0.5 + shift)

    def _run(self, network: Callable, batch: HandBatch) -> dict[str, torch.Tensor]:
        maps = score_maps(batch, self._map_size, self.settings)
        return network(maps, torch.nan_to_num(batch.right, 0.0))


def _distances(found: torch.Tensor, batch: HandBatch) -> tuple[torch.Tensor, torch.Tensor]:
    """Joint distances of whole hands of known size (M,): in hand scales, and in metres."""
    whole = (batch.joint_weight > 0).all(1) & torch.isfinite(batch.hand_scale) & (batch.present > 0.5)
    distance = (normalised(found) - batch.joints).norm(dim=2)[whole]
    return distance.flatten(), (distance * batch.hand_scale[whole, None]).flatten()
