"""A task's loss as a module, so that ``DistributedDataParallel`` sees every call that a task makes to its network."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from hand_pose_ros.training.trainer.task import Task


class LossModule(nn.Module):
    """``forward(batch, step)``: the task's losses, all but ``loss`` detached.

    ``half``: the kind of device (``cuda``, ``cpu``) on which the network computes in bfloat16; None: in float32.
    """

    def __init__(self, task: Task, network: nn.Module, half: str | None):
        super().__init__()
        self.network, self._task, self._half = network, task, half

    def forward(self, batch: Any, step: int) -> dict[str, torch.Tensor]:
        """Scalars by name."""
        network = _Autocast(self.network, self._half) if self._half else self.network
        losses = self._task.loss(network, batch, step)
        return {name: value if name == "loss" else value.detach() for name, value in losses.items()}


class _Autocast:
    """A module or a method of one, run under autocast; what it returns is float32 again."""

    def __init__(self, called: Any, device: str):
        self._called, self._device = called, device

    def __call__(self, *inputs, **keywords):
        with torch.autocast(self._device, torch.bfloat16):
            return _single(self._called(*inputs, **keywords))

    def __getattr__(self, name: str):
        value = getattr(self._called, name)
        return _Autocast(value, self._device) if isinstance(value, nn.Module) or inspect.ismethod(value) else value


def _single(value: Any) -> Any:
    """Tensors in float32, in dicts, lists and tuples too."""
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {name: _single(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_single(item) for item in value)
    return value
