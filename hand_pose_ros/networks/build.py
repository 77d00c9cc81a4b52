"""From a model's name to networks that run: card, weights, device, runtime."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.device import DeviceError, resolve_device
from hand_pose_ros.networks.model_card import ModelCard, ModelCardError, available_models, find_card
from hand_pose_ros.networks.model_files import stage_weights
from hand_pose_ros.networks.onnx_export import ExportError, cached_onnx
from hand_pose_ros.networks.stage import ONNXRUNTIME, TORCH, Stage, onnx_session, torch_network
from hand_pose_ros.networks.tflite import ModelFileError, read_tflite

__all__ = ["HandModel", "ModelCard", "available_models", "build_network", "load_model"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandModel:
    """A model's networks, loaded on one device."""

    card: ModelCard
    device: str
    localiser: Stage
    pose: Stage
    lifter: Stage | None = None


def load_model(
    name: str,
    device: str = "auto",
    threads: int = 0,
    models_dir: str | Path | None = None,
    runtime: str = "auto",
    half: bool = False,
) -> HandModel:
    """Load the model whose card is ``<name>.yaml``.

    ``device``: auto, cpu, cuda or cuda:N. ``threads``: of ONNX Runtime or of torch on the CPU, 0 for their default.
    ``runtime``: auto (ONNX Runtime on the CPU, torch on CUDA), onnxruntime or torch. ``half``: half-precision weights,
    torch only. Raises ModelCardError, ModelFileError, DeviceError or ContractError, each saying what to do.
    """
    card, device = find_card(name, models_dir), resolve_device(device)
    stages = {stage: _load_stage(card, stage, device, threads, runtime, half) for stage in card.stages()}
    return HandModel(card, device, **stages)


def build_network(card: ModelCard, stage: str) -> nn.Module:
    """The torch module of one stage with its weights, on the CPU. Raises ModelCardError and ModelFileError."""
    part = card.stages()[stage]
    network_class = _network_class(card, part["network"])
    arguments, weights = part.get("arguments", {}), part.get("weights")
    path = stage_weights(weights, card.folder) if weights else None
    try:
        if path and path.suffix == ".tflite":
            return network_class(read_tflite(path), **arguments).eval()
        network = network_class(**arguments).eval()
    except TypeError as error:
        raise ModelCardError(f"model {card.name}: {stage}.arguments {arguments} do not fit: {error}") from error
    return _with_safetensors(network, path) if path else network


def _network_class(card: ModelCard, name: str) -> type[nn.Module]:
    module, class_name = name.split(".")
    try:
        found = getattr(importlib.import_module(f"hand_pose_ros.networks.{module}"), class_name)
    except (ImportError, AttributeError) as error:
        raise ModelCardError(f"model {card.name}: no network {name} in hand_pose_ros.networks ({error})") from error
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ModelCardError(f"model {card.name}: {name} is not a torch module")
    return found


def _with_safetensors(network: nn.Module, path: Path) -> nn.Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        found = f"{path}: its tensors do not fit {type(network).__name__}: {error}"
        raise ModelFileError(f"{found}; give the file that the card was written for") from error
    return network


def _load_stage(card: ModelCard, name: str, device: str, threads: int, runtime: str, half: bool) -> Stage:
    part, network = card.stages()[name], build_network(card, name)
    size = part.get("input_size")
    if getattr(network, "input_size", size) != size:
        raise ModelCardError(f"model {card.name}: {name}.input_size is {size}, its network takes {network.input_size}")
    stage = _onnx_stage(part, network, threads) if _wants_onnx(runtime, device) else None
    if stage is None:
        if device == "cpu" and threads:
            torch.set_num_threads(threads)
        stage = Stage(part, size, TORCH, device, torch_network(network, device, half))
    example = _example(network, part, 2)
    check_outputs(name, stage(example.numpy() if stage.runtime == ONNXRUNTIME else example.to(device)), 2)
    return stage


def _example(network: nn.Module, part: dict, batch: int) -> torch.Tensor:
    """Black images; a network that takes something else has a method ``example(batch)``."""
    if hasattr(network, "example"):
        return network.example(batch)
    return torch.zeros(batch, 3, part["input_size"], part["input_size"])


def _wants_onnx(runtime: str, device: str) -> bool:
    if runtime not in ("auto", ONNXRUNTIME, TORCH):
        raise ValueError(f"runtime is {runtime!r}: give auto, {ONNXRUNTIME} or {TORCH}")
    if runtime == ONNXRUNTIME and device != "cpu":
        raise DeviceError(f"runtime {ONNXRUNTIME} runs on the CPU only, device is {device!r}: give runtime {TORCH}")
    return runtime == ONNXRUNTIME or (runtime == "auto" and device == "cpu")


def _onnx_stage(part: dict, network: nn.Module, threads: int) -> Stage | None:
    """The stage on ONNX Runtime; None, with a warning, where that cannot be had."""
    if importlib.util.find_spec("onnxruntime") is None:
        log.warning("onnxruntime is not installed: running on torch, slower; pip install onnxruntime")
        return None
    try:
        path = cached_onnx(network, part, _example(network, part, 1))
    except ExportError as error:
        log.warning("%s: running on torch, slower; pip install onnx, then run: hand_pose_ros models fetch", error)
        return None
    return Stage(part, part.get("input_size"), ONNXRUNTIME, "cpu", onnx_session(path, threads))
