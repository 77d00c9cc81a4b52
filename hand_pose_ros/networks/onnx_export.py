"""A torch network as an ONNX file with a free batch size, cached beside the fetched weights."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import json
import os
import warnings
from pathlib import Path

import torch
from torch import nn

from hand_pose_ros.networks.model_files import weights_folders, writable_folder
from hand_pose_ros.networks.prelu import with_convolutional_prelu

EXPORTER_VERSION = "2"
"""Raise when the exported graph changes for reasons other than the network's own source."""
OPSET = 17


class ExportError(RuntimeError):
    """There is no cached ONNX file and none can be written here."""


class _Tuple(nn.Module):
    # ONNX outputs are a list; their names carry the dictionary's keys.
    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.network(inputs).values())


def cached_onnx(network: nn.Module, stage: dict, example: torch.Tensor) -> Path:
    """The ONNX file of ``network``, exported when it is not in a cache. Raises ExportError.

    ``stage`` is the card's part; ``example`` is an input of any batch size.
    """
    name = f"{stage['network']}-{_key(network, stage)}.onnx"
    for folder in weights_folders():
        if (folder / "onnx" / name).is_file():
            return folder / "onnx" / name
    if importlib.util.find_spec("onnx") is None:
        raise ExportError("no exported ONNX file is cached and the package onnx is not installed")
    target = writable_folder() / "onnx" / name
    target.parent.mkdir(exist_ok=True)
    # Two processes may export at once: write aside, then replace.
    aside = target.with_suffix(f".{os.getpid()}.tmp")
    export(network, example, aside)
    aside.replace(target)
    return target


def export(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    """Write ``network`` (returning a dict of tensors) to ``path`` as ONNX; the first axis of all arrays is free."""
    network = with_convolutional_prelu(network)
    with torch.inference_mode():
        outputs = list(network(example))
    axes = {name: {0: "batch"} for name in ["inputs", *outputs]}
    # torch before 2.5 has the TorchScript exporter only, and no switch.
    switch = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    with warnings.catch_warnings():
        # The TorchScript exporter is announced as legacy; the newer one needs onnxscript and writes no better graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Tuple(network).eval(), (example,), str(path), opset_version=OPSET, **switch,
            input_names=["inputs"], output_names=outputs, dynamic_axes=axes,
        )  # fmt: skip


def _key(network: nn.Module, stage: dict) -> str:
    """Changes with the weights, the source of the network and of its parts, its arguments, and the exporter."""
    parts_of = {inspect.getmodule(type(part)) for part in network.modules()}
    own = {module.__name__: inspect.getsource(module) for module in parts_of if not _is_torch(module.__name__)}
    source = [own[name] for name in sorted(own)]
    parts = [EXPORTER_VERSION, OPSET, stage["network"], stage.get("arguments"), stage.get("weights"), source]
    if "sha256" not in (stage.get("weights") or {"sha256": None}):
        parts.append(_digest(network))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _is_torch(name: str) -> bool:
    return name.split(".")[0] == "torch"


def _digest(network: nn.Module) -> str:
    """Of the weights themselves: a file that its user trained has no sha256 in the card."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
