"""The weights' exponential moving average: steadier than the last step's weights, and what is shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedNetwork:
    """A copy of a network whose floating-point state follows it slowly (Polyak averaging with a short beginning)."""

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards ``network`` after its step number ``step`` (from 0); early steps are forgotten sooner."""
        weight = 1.0 - min(self._decay, (1 + step) / (10 + step))
        slow, fast = (list(part.state_dict().values()) for part in (self.network, network))
        floats = [index for index, value in enumerate(slow) if value.is_floating_point()]
        torch._foreach_lerp_([slow[i] for i in floats], [fast[i] for i in floats], weight)
        for index in set(range(len(slow))) - set(floats):
            slow[index].copy_(fast[index])  # counts
