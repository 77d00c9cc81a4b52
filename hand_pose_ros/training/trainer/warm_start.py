"""``start`` of a configuration: weights of another training to begin from."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn


def begin_from(network: nn.Module, path: Path) -> list[str]:
    """Load the tensors that fit by name and shape; the names of those of the network that stay as they are.

    FileNotFoundError without the file; ValueError if it is no safetensors file, or if none of its tensors fits.
    """
    if not path.is_file():
        raise FileNotFoundError(f"start: there is no file {path}: give weights of another training, or leave start out")
    try:
        stored, own = load_file(path), network.state_dict()
    except SafetensorError as error:
        raise ValueError(f"start: {path} cannot be read ({error}): give the .safetensors of a training") from error
    fitting = {name: value for name, value in stored.items() if name in own and value.shape == own[name].shape}
    if not fitting:
        raise ValueError(f"start: {path} holds no tensor of {type(network).__name__}: give weights of such a network")
    network.load_state_dict(fitting, strict=False)
    return sorted(set(own) - set(fitting))
