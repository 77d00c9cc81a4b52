"""One network of a model, ready to be called: through ONNX Runtime on the CPU or as a torch module on any device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

ONNXRUNTIME, TORCH = "onnxruntime", "torch"


@dataclass(frozen=True)
class Stage:
    """Calls a network on (N, 3, S, S) float32 RGB images in 0..1 and returns its outputs by name.

    Arrays are numpy where ``runtime`` is ``onnxruntime`` and tensors on ``device`` where it is ``torch``. N may vary
    from call to call; ValueError if it is 0.
    """

    card: dict
    input_size: int | None
    runtime: str
    device: str
    run: object
    """The ONNX Runtime session, or the torch module."""

    def __call__(self, images):
        if not len(images):
            raise ValueError("a network was called on no images: give at least one")
        if self.runtime == ONNXRUNTIME:
            names = [output.name for output in self.run.get_outputs()]
            return dict(zip(names, self.run.run(names, {"inputs": images}), strict=True))
        with torch.inference_mode():
            parameter = next(self.run.parameters(), images)
            outputs = self.run(images.to(parameter.device, parameter.dtype, memory_format=_format(images)))
            return {name: output.float() for name, output in outputs.items()}


def _format(images: torch.Tensor) -> torch.memory_format:
    # Convolutions on tensor cores want channels last; on the CPU too it is the faster order.
    return torch.channels_last if images.ndim == 4 else torch.preserve_format


def onnx_session(path: Path, threads: int):
    """An ONNX Runtime CPU session. Its threads sleep while they wait: spinning would burn the robot's other core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def torch_network(network: nn.Module, device: str, half: bool) -> nn.Module:
    """``network`` on ``device``, channels last, its weights in half precision if asked for."""
    network = network.eval().requires_grad_(False).to(device)
    network = network.half() if half else network
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network
