"""From a source's batch to what the network sees: augmented, cut to the network's size, on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.task import Task


class Preparation:
    """Prepares batches as the configuration says; what it draws depends on seed, step and process alone."""

    def __init__(self, task: Task, config: TrainConfig, device: str, rank: int = 0):
        self._task, self._config, self._device, self._rank = task, config, device, rank
        self._settings = augmentation_settings(config.augmentation)
        self._generator = torch.Generator(device)

    def __call__(self, batch: Any, step: int, augment: bool = True) -> Any:
        """The batch of one step; without ``augment`` cut to size, aligned if training crops are, and no more."""
        self._generator.manual_seed(step_seed(self._config.seed, step, self._rank))
        batch = batch.to(self._device)
        prepared = self._task.prepare(batch, augment, self._generator)
        if prepared is None:
            prepared = self._augmented(batch) if augment else self._cut(batch)
        if getattr(prepared, "images", None) is not None:
            prepared.images = prepared.images.contiguous(memory_format=torch.channels_last)
        return prepared

    def _augmented(self, batch: Any) -> Any:
        from hand_pose_ros.training.augmentation import augment

        if self._settings is None:
            return self._cut(batch)
        return augment(batch, self._settings, self._generator, self._config.size)

    def _cut(self, batch: Any) -> Any:
        from hand_pose_ros.training.augmentation import AugmentationSettings, cut

        settings = self._settings or AugmentationSettings()
        if not settings.aligned and batch.images.shape[-1] == self._config.size:
            return batch
        return cut(batch, settings, self._config.size)


def augmentation_settings(block: dict | None) -> Any:
    """``AugmentationSettings`` of the configuration's block; None for none. ValueError naming what is unknown."""
    if block is None:
        return None
    from hand_pose_ros.training.augmentation import AugmentationSettings

    try:
        return AugmentationSettings(**block)
    except TypeError as error:
        raise ValueError(f"augmentation: {error}") from error


def step_seed(seed: int, step: int, rank: int) -> int:
    """A number for one step of one process: the same in every run, unlike its neighbours'."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint32)[0])
