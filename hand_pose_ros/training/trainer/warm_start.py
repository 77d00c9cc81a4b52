"""Weights of another training to begin from."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import nn


def begin_from(network: nn.Module, path: Path) -> list[str]:
    """Load the tensors that fit; the names of those of the network that stay. ValueError if none fits."""
    stored, own = load_file(path), network.state_dict()
    fitting = {name: value for name, value in stored.items() if name in own and value.shape == own[name].shape}
    if not fitting:
        raise ValueError(f"{path} holds no tensor of {type(network).__name__}: give weights of such a network")
    network.load_state_dict(fitting, strict=False)
    return sorted(set(own) - set(fitting))
