"""``Task``: what a network brings to be trained: its losses, its figures, its pictures. The loop is ``trainer.py``'s.

>>> class Zeros(Task):                                     # training/<room>/<name>_task.py, in full
...     def loss(self, network, batch, step):
...         distance = network(batch.images)["keypoints"].square().mean()
...         return {"loss": distance, "distance": distance}
...     def validate(self, network, batches):
...         return {"error": float(sum(self.loss(network, batch, 0)["loss"] for batch in batches))}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from hand_pose_ros.training.trainer.schedule import Phase


class Task:
    """One network's training. A batch is a ``HandBatch`` (or whatever ``source`` yields), already on the device.

    Made by ``Task(network, **arguments of the configuration's task block)``.
    """

    best = "error"
    """The figure of ``validate`` that chooses the best weights; the lowest wins, the highest with a ``-`` before it."""
    phases: Sequence[Phase] = ()
    """Parts that learn one after the other, unless the configuration says otherwise."""
    sees = "both"
    """For ``crop_evaluation``: ``right`` if the network is shown left hands mirrored."""
    progress = 0.0
    """Share of the schedule that is done, 0 to 1, set before every step: for weights that change during training."""
    phase = ""
    """Name of the phase that is running, set before every step."""

    def __init__(self, network: nn.Module):
        self.network = network

    def loss(self, network: nn.Module, batch: Any, step: int) -> dict[str, torch.Tensor]:
        """Scalars: ``loss`` is minimised, the others are curves. ``network`` may be called as often as wished.

        On CUDA (or where the schedule's ``precision`` is bf16) the network runs under autocast (bfloat16: 3 digits) and
        this method outside of it: what the network returns comes as float32. Coordinates are to be computed in float32
        inside the network too: an expectation over a heatmap by ``(heat.float() * grid).sum()``, not by a matrix
        product, which autocast takes to bfloat16.
        """
        raise NotImplementedError

    def validate(self, network: nn.Module, batches: Sequence[Any]) -> dict[str, float]:
        """Figures of ``network`` (averaged weights, eval mode, no gradients) on held-back batches."""
        raise NotImplementedError

    def begun(self) -> None:
        """Called when a training begins from the weights of another (``start``): resets what is not of this one."""

    def pictures(self, network: nn.Module, batch: Any) -> dict[str, np.ndarray]:
        """Name -> (H, W, 3) uint8 RGB, drawn from the first held-back batch. Default: none."""
        return {}

    def asked(self, batch: Any) -> Any:
        """The batch with the labels that the network is asked for, where they are not the batch's own."""
        return batch

    def source(self, settings: dict, seed: int, stores: Any) -> Any | None:
        """Something with ``batch(count)``, for tasks that do not train on ``HandBatch``; None: ``training/sources``."""
        return None

    def prepare(self, batch: Any, augment: bool, generator: torch.Generator) -> Any | None:
        """The batch, on the device, ready for ``loss``; None: ``training/augmentation`` as the configuration says."""
        return None
