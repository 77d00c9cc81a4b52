"""Layers with TensorFlow's semantics as torch modules; tensors are (N, C, H, W) where the file's are (N, H, W, C)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

ACTIVATIONS = {"NONE": nn.Identity, "RELU": nn.ReLU, "RELU6": nn.ReLU6, "TANH": nn.Tanh}


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """(before, after) pixels of TensorFlow's SAME padding along one axis; the odd pixel goes after.

    Output size is ceil(size / stride) (https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2).
    """
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class Pad(nn.Module):
    """Constant padding; ``amounts`` in torch order (last axis first, before and after)."""

    def __init__(self, amounts: tuple[int, ...], value: float = 0.0):
        super().__init__()
        self.amounts, self.value = tuple(amounts), value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pad(x, self.amounts, value=self.value)

    def extra_repr(self) -> str:
        return f"{self.amounts}, value={self.value}"


class MeanOfValidPool(nn.Module):
    """Average pooling over padded input that leaves the padding out of the mean, as TensorFlow does."""

    def __init__(self, size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], amounts):
        super().__init__()
        self.pad, self.pool = Pad(amounts), nn.AvgPool2d(kernel, stride)
        self.register_buffer("share", self.pool(self.pad(torch.ones(1, 1, *size))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(self.pad(x)) / self.share


class Add(nn.Module):
    """Sum of two tensors, or of one and a constant."""

    def __init__(self, constant: torch.Tensor | None = None):
        super().__init__()
        self.register_buffer("constant", constant)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        return x + (self.constant if other is None else other)


class Multiply(Add):
    """Product of two tensors, or of one and a constant."""

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        return x * (self.constant if other is None else other)


class Concatenate(nn.Module):
    """Joins tensors along ``axis``."""

    def __init__(self, axis: int):
        super().__init__()
        self.axis = axis

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat(tensors, self.axis)


class ResizeBilinear(nn.Module):
    """Bilinear resize by ``scale`` (H, W)."""

    def __init__(self, scale: tuple[float, float], align_corners: bool):
        super().__init__()
        self.scale, self.align_corners = scale, align_corners

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # By factor, not by size: ONNX Runtime then knows the output's shape and keeps its blocked memory layout.
        return functional.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=self.align_corners)


class Mean(nn.Module):
    """Mean over ``axes``."""

    def __init__(self, axes: tuple[int, ...], keep_dimensions: bool):
        super().__init__()
        self.axes, self.keep_dimensions = axes, keep_dimensions

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(self.axes, keepdim=self.keep_dimensions)


class Reshape(nn.Module):
    """Reshape to (N, *shape) in the file's element order: an image is taken channels last, and given back so."""

    def __init__(self, shape: tuple[int, ...], from_image: bool):
        super().__init__()
        self.shape, self.from_image = tuple(shape), from_image

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x.permute(0, 2, 3, 1) if self.from_image else x).reshape(-1, *self.shape)
        return x.permute(0, 3, 1, 2) if len(self.shape) == 3 else x

    def extra_repr(self) -> str:
        return f"{self.shape}, from_image={self.from_image}"


class Softmax(nn.Module):
    """Softmax over the file's last axis (the channels of an image)."""

    def __init__(self, axis: int):
        super().__init__()
        self.axis = axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.softmax(self.axis)
