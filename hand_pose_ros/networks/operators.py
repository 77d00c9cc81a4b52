"""One builder per TFLite operator: (operator, constants and shapes) -> (torch module, tensor numbers it is fed).

A tensor with four dimensions in the file, (1, H, W, C), is (N, C, H, W) when run; others keep their order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from hand_pose_ros.networks import layers
from hand_pose_ros.networks.tflite import ModelFileError, Operator

# Axis of (N, H, W, C) -> axis of (N, C, H, W).
IMAGE_AXES = (0, 2, 3, 1)


class Operands:
    """Constants and shapes of a graph, as the builders ask for them."""

    def __init__(self, shapes: list[tuple[int, ...]], constants: dict[int, np.ndarray]):
        self.shapes, self.constants = shapes, constants

    def constant(self, op: Operator, place: int) -> np.ndarray:
        """The constant at input ``place``; ModelFileError when that input is computed or absent."""
        if place >= len(op.inputs) or op.inputs[place] not in self.constants:
            raise ModelFileError(f"operator {op.name}: its input {place} must be a constant")
        return self.constants[op.inputs[place]]

    def tensor(self, op: Operator, place: int) -> torch.Tensor:
        """The constant at input ``place`` as a float32 tensor."""
        return torch.from_numpy(np.array(self.constant(op, place), np.float32))

    def bias(self, op: Operator, outputs: int) -> torch.Tensor:
        """The bias at input 2, zeros where the operator has none."""
        return self.tensor(op, 2) if len(op.inputs) > 2 and op.inputs[2] >= 0 else torch.zeros(outputs)

    def shape(self, number: int) -> tuple[int, ...]:
        """Shape of a tensor as in the file."""
        return self.shapes[number]

    def axis(self, number: int, axis: int) -> int:
        """``axis`` of the file's tensor as the axis at run time."""
        rank = len(self.shapes[number])
        return IMAGE_AXES[axis % rank] if rank == 4 else axis % rank


def activation(op: Operator) -> nn.Module:
    """The activation fused into ``op``."""
    name = op.options["activation"]
    if name not in layers.ACTIVATIONS:
        raise ModelFileError(f"operator {op.name}: fused activation {name} is not supported")
    return layers.ACTIVATIONS[name]()


def _window_padding(op: Operator, size, kernel, dilation=(1, 1)) -> tuple[int, int, int, int]:
    # Torch order: left, right, top, bottom.
    if op.options["padding"] == "VALID":
        return 0, 0, 0, 0
    strides = op.options["stride_h"], op.options["stride_w"]
    (top, bottom), (left, right) = (
        layers.same_padding(*numbers) for numbers in zip(size, kernel, strides, dilation, strict=True)
    )
    return left, right, top, bottom


def _convolution(op: Operator, operands: Operands, weight: torch.Tensor, groups: int):
    options, channels = op.options, operands.shape(op.inputs[0])[3]
    dilation = (options["dilation_h"], options["dilation_w"])
    left, right, top, bottom = pads = _window_padding(
        op, operands.shape(op.inputs[0])[1:3], tuple(weight.shape[2:]), dilation
    )
    symmetric = left == right and top == bottom
    conv = nn.Conv2d(
        channels, weight.shape[0], tuple(weight.shape[2:]), (options["stride_h"], options["stride_w"]),
        (top, left) if symmetric else 0, dilation, groups,
    )  # fmt: skip
    conv.weight.data, conv.bias.data = weight.contiguous(), operands.bias(op, weight.shape[0])
    before = [] if symmetric else [layers.Pad(pads)]
    return nn.Sequential(*before, conv, activation(op)), op.inputs[:1]


def conv_2d(op: Operator, operands: Operands):
    """Weights (out, H, W, in)."""
    weight, channels = operands.tensor(op, 1).permute(0, 3, 1, 2), operands.shape(op.inputs[0])[3]
    if channels % weight.shape[1]:
        fits = f"weights of {weight.shape[1]} channels do not fit an input of {channels}"
        raise ModelFileError(f"operator CONV_2D: {fits}")
    return _convolution(op, operands, weight, channels // weight.shape[1])


def depthwise_conv_2d(op: Operator, operands: Operands):
    """Weights (1, H, W, in x multiplier)."""
    weight = operands.tensor(op, 1).permute(3, 0, 1, 2)
    return _convolution(op, operands, weight, operands.shape(op.inputs[0])[3])


def max_pool_2d(op: Operator, operands: Operands):
    """Maximum; padding never wins."""
    kernel = (op.options["filter_h"], op.options["filter_w"])
    pads = _window_padding(op, operands.shape(op.inputs[0])[1:3], kernel)
    before = [layers.Pad(pads, -torch.inf)] if any(pads) else []
    pool = nn.MaxPool2d(kernel, (op.options["stride_h"], op.options["stride_w"]))
    return nn.Sequential(*before, pool, activation(op)), op.inputs[:1]


def average_pool_2d(op: Operator, operands: Operands):
    """Mean over the pixels inside the image."""
    kernel, size = (op.options["filter_h"], op.options["filter_w"]), operands.shape(op.inputs[0])[1:3]
    strides, pads = (op.options["stride_h"], op.options["stride_w"]), _window_padding(op, size, kernel)
    pool = layers.MeanOfValidPool(size, kernel, strides, pads) if any(pads) else nn.AvgPool2d(kernel, strides)
    return nn.Sequential(pool, activation(op)), op.inputs[:1]


def prelu(op: Operator, operands: Operands):
    """Slopes (1, 1, C)."""
    slopes = operands.tensor(op, 1)
    if slopes.numel() != slopes.shape[-1]:
        raise ModelFileError(f"operator PRELU: slopes of shape {tuple(slopes.shape)} differ along the image")
    layer = nn.PReLU(slopes.numel())
    layer.weight.data = slopes.reshape(-1)
    return layer, op.inputs[:1]


def _arithmetic(layer: type[layers.Add], op: Operator, operands: Operands):
    fed = tuple(number for number in op.inputs if number not in operands.constants)
    constant = None
    if len(fed) == 1:
        constant = operands.tensor(op, 1 - op.inputs.index(fed[0]))
        if len(operands.shape(op.outputs[0])) == 4 and constant.ndim:
            constant = constant.reshape((1,) * (4 - constant.ndim) + tuple(constant.shape)).permute(0, 3, 1, 2)
    return nn.Sequential(layer(constant), activation(op)) if len(fed) == 1 else _Activated(layer(), op), fed


class _Activated(nn.Module):
    # nn.Sequential passes one tensor only.
    def __init__(self, layer: nn.Module, op: Operator):
        super().__init__()
        self.layer, self.activation = layer, activation(op)

    def forward(self, *tensors):
        return self.activation(self.layer(*tensors))


def add(op: Operator, operands: Operands):
    """Two tensors, or one and a constant."""
    return _arithmetic(layers.Add, op, operands)


def mul(op: Operator, operands: Operands):
    """Two tensors, or one and a constant."""
    return _arithmetic(layers.Multiply, op, operands)


def pad(op: Operator, operands: Operands):
    """Zeros; amounts (rank, 2)."""
    amounts = np.asarray(operands.constant(op, 1), int)
    if len(amounts) == 4:
        amounts = amounts[[0, 3, 1, 2]]
    return layers.Pad(tuple(int(n) for n in amounts[::-1].reshape(-1))), op.inputs[:1]


def concatenation(op: Operator, operands: Operands):
    """Along an axis of the file."""
    joined = layers.Concatenate(operands.axis(op.inputs[0], op.options["axis"]))
    return _Activated(joined, op), op.inputs


def resize_bilinear(op: Operator, operands: Operands):
    """To the size (H, W) at input 1."""
    align, half = op.options["align_corners"], op.options["half_pixel_centers"]
    if not align and not half:
        raise ModelFileError("operator RESIZE_BILINEAR: sampling without half-pixel centres is not supported")
    before, after = operands.shape(op.inputs[0])[1:3], operands.constant(op, 1)
    scale = tuple(_scale(old, int(new)) for old, new in zip(before, after, strict=True))
    return layers.ResizeBilinear(scale, bool(align)), op.inputs[:1]


def _scale(before: int, after: int) -> float:
    # torch rounds size x factor down: the factor must not fall short by a rounding error.
    scale = after / before
    return scale if int(before * scale) == after else math.nextafter(scale, math.inf)


def mean(op: Operator, operands: Operands):
    """Over the axes at input 1."""
    axes = tuple(operands.axis(op.inputs[0], int(axis)) for axis in np.ravel(operands.constant(op, 1)))
    return layers.Mean(axes, bool(op.options["keep_dimensions"])), op.inputs[:1]


def fully_connected(op: Operator, operands: Operands):
    """Weights (out, in); an image is flattened in the file's element order first."""
    weight, image = operands.tensor(op, 1), len(operands.shape(op.inputs[0])) == 4
    if op.options["keep_dimensions"]:
        raise ModelFileError("operator FULLY_CONNECTED: keep_num_dims is not supported")
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight, operands.bias(op, weight.shape[0])
    return nn.Sequential(layers.Reshape((weight.shape[1],), image), layer, activation(op)), op.inputs[:1]


def reshape(op: Operator, operands: Operands):
    """To the output's shape in the file, the batch left free."""
    shape, image = operands.shape(op.outputs[0])[1:], len(operands.shape(op.inputs[0])) == 4
    return layers.Reshape(shape, image), op.inputs[:1]


def softmax(op: Operator, operands: Operands):
    """Over the last axis of the file."""
    return layers.Softmax(operands.axis(op.inputs[0], -1)), op.inputs[:1]


def _pointwise(layer: type[nn.Module]):
    return lambda op, operands: (layer(), op.inputs[:1])


BUILDERS: dict[str, Callable[[Operator, Operands], tuple[nn.Module, tuple[int, ...]]]] = {
    "ADD": add, "AVERAGE_POOL_2D": average_pool_2d, "CONCATENATION": concatenation, "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d, "FULLY_CONNECTED": fully_connected, "LOGISTIC": _pointwise(nn.Sigmoid),
    "MAX_POOL_2D": max_pool_2d, "MEAN": mean, "MUL": mul, "PAD": pad, "PRELU": prelu, "RELU": _pointwise(nn.ReLU),
    "RELU6": _pointwise(nn.ReLU6), "RESHAPE": reshape, "RESIZE_BILINEAR": resize_bilinear, "SOFTMAX": softmax,
    "TANH": _pointwise(nn.Tanh),
}  # fmt: skip
