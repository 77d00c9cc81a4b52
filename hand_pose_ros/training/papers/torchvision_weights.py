"""Weights that torchvision trained on ImageNet, for encoders whose state dict has its names. torchvision is not needed.

A user who has the file (``resnet34-b627a593.pth`` of download.pytorch.org, or any saved ``resnet34().state_dict()``)
names it in the task's ``encoder_weights``. This package neither ships nor downloads it.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import nn

CLASSIFIER = "fc."


def load_encoder(encoder: nn.Module, path: str | Path) -> None:
    """Load ``path`` (.pth or .safetensors) into ``encoder``, without the classifier. ValueError if it does not fit."""
    state = {name: value for name, value in _read(Path(path)).items() if not name.startswith(CLASSIFIER)}
    wanted = {name: tuple(value.shape) for name, value in encoder.state_dict().items()}
    # Files older than torch 0.4.1 lack the counters, which nothing reads.
    missing = sorted(name for name in wanted if name not in state and not name.endswith("num_batches_tracked"))
    extra = sorted(name for name in state if name not in wanted)
    other = sorted(name for name in wanted if name in state and tuple(state[name].shape) != wanted[name])
    if missing or extra or other:
        problem = f"missing {missing[:3]}, unknown {extra[:3]}, of another shape {other[:3]}"
        raise ValueError(f"{path} does not fit {type(encoder).__name__}: {problem}; the encoder's width must be 1")
    encoder.load_state_dict(state, strict=False)


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"encoder weights {path}: cannot be read ({error}); give torchvision's resnet34 file"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"encoder weights {path}: holds no state dict; give torchvision's resnet34 file")
    return state
