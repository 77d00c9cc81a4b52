"""A TFLite graph as a torch module: real parameters, so that it moves to CUDA, to half precision, and takes batches."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from hand_pose_ros.networks.operators import BUILDERS, Operands
from hand_pose_ros.networks.tflite import ModelFileError, Operator, Tensor, TFLiteGraph


def dequantize(tensor: Tensor) -> np.ndarray:
    """The float32 value of a constant: half floats widened, integers as scale x (value - zero point) per tensor."""
    if tensor.data.dtype == np.float16:
        return tensor.data.astype(np.float32)
    if tensor.scale.size != 1:
        raise ModelFileError(f"tensor {tensor.name!r}: only per-tensor quantisation is supported")
    zero_point = tensor.zero_point[0] if tensor.zero_point.size else 0
    return (tensor.data.astype(np.float32) - zero_point) * tensor.scale[0]


def fold_constants(graph: TFLiteGraph) -> dict[int, np.ndarray]:
    """Constants by tensor number, DEQUANTIZE operators on constants carried out."""
    constants = {i: tensor.data for i, tensor in enumerate(graph.tensors) if tensor.data is not None}
    for op in graph.operators:
        if op.name == "DEQUANTIZE":
            source = op.inputs[0]
            if source not in constants:
                raise ModelFileError("operator DEQUANTIZE on a computed tensor is not supported (quantised network)")
            constants[op.outputs[0]] = dequantize(graph.tensors[source])
    return constants


def _layer(op: Operator, operands: Operands) -> tuple[nn.Module, tuple[int, ...]]:
    """The module of one operator and the tensors it is fed. ModelFileError where there is no such thing."""
    if op.name not in BUILDERS:
        raise ModelFileError(f"operator {op.name} is not supported; supported: {', '.join(sorted(BUILDERS))}")
    try:
        return BUILDERS[op.name](op, operands)
    except ModelFileError:
        raise
    except (IndexError, KeyError, TypeError, ValueError, RuntimeError, ZeroDivisionError) as error:
        raise ModelFileError(f"operator {op.name}: its tensors and options do not fit ({error})") from error


class GraphModule(nn.Module):
    """Runs a TFLite graph. Input (N, 3, H, W); returns the graph's outputs in the file's order, channels first.

    Raises ModelFileError at construction when the graph holds an operator without a builder, naming it.
    """

    def __init__(self, graph: TFLiteGraph):
        super().__init__()
        constants = fold_constants(graph)
        operands = Operands([tensor.shape for tensor in graph.tensors], constants)
        self.layers, self.wiring = nn.ModuleList(), []
        for op in graph.operators:
            if op.name == "DEQUANTIZE":
                continue
            layer, fed = _layer(op, operands)
            self.layers.append(layer)
            self.wiring.append((tuple(fed), op.outputs[0]))
        self.source, self.results = graph.inputs[0], graph.outputs

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        values = {self.source: images}
        for layer, (fed, result) in zip(self.layers, self.wiring, strict=True):
            values[result] = layer(*(values[number] for number in fed))
        return tuple(values[number] for number in self.results)
