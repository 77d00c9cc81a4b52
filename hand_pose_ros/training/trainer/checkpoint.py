"""A training's state in one file, written so that a kill at any moment leaves the old one or the new one, whole."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn


def save_checkpoint(path: Path, content: dict) -> None:
    """Write tensors and plain values. OSError if the folder cannot be written or the disk is full."""
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_checkpoint(path: Path, config: dict) -> dict | None:
    """What ``save_checkpoint`` wrote; None without a file. ValueError if another configuration wrote it."""
    if not path.exists():
        return None
    stored = _read(path)
    changes = differences(stored["config"], config)
    if changes:
        raise ValueError(
            f"{path} was trained with another configuration ({'; '.join(changes)}): "
            "give another folder to begin anew, or the old configuration to continue"
        )
    return stored


def stored_step(path: Path) -> int:
    """The step at which a training would continue; 0 without a file."""
    return _read(path)["state"]["step"] if path.exists() else 0


def _read(path: Path) -> dict:
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        return {name: stored[name] for name in (*stored, "config", "state")}
    except Exception as error:  # torch.load raises whatever its pickle and zip readers raise
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"{path} cannot be read ({reason}): remove it to begin anew") from error


def differences(old: dict, new: dict, prefix: str = "") -> list[str]:
    """``name: old value, now new value`` for every setting that differs, in nested blocks too."""
    found = []
    for name in sorted({*old, *new}, key=str):
        before, now = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            found += differences(before, now, f"{prefix}{name}.")
        elif _plain(before) != _plain(now):
            found.append(f"{prefix}{name}: {before!r}, now {now!r}")
    return found


def _plain(value):
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def export_weights(network: nn.Module, path: Path) -> Path:
    """The weights in half precision, as the cards' ``weights.file``; whole numbers stay what they are."""
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu().clone()
        for name, value in network.state_dict().items()
    }
    broken = [name for name, value in weights.items() if value.is_floating_point() and not value.isfinite().all()]
    if broken:
        raise ValueError(f"{path.name}: {', '.join(broken)} hold values that half precision cannot")
    temporary = path.with_suffix(".new")
    save_file(weights, temporary)
    temporary.replace(path)
    return path
