"""The encoder that HandSegNet and PoseNet share: layers 1 to 16 of Zimmermann & Brox 2017, supplement, Tables 4 and 5.

Their layout goes back to VGG (Simonyan & Zisserman 2015) by way of the convolutional pose machine (Wei et al. 2016),
whose trained weights they start from. Those are not here, so ``norm`` adds batch normalisation for training from
scratch; it is not in the paper.
"""

from __future__ import annotations

import torch
from torch import nn

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 5))
"""Channels and number of 3x3 convolutions of each block; a maximum over 2x2 pixels lies between two blocks."""
STRIDE = 8


def channels(count: int, width: float) -> int:
    """``count`` channels of the published network at the given width, at least 4."""
    return max(4, round(count * width))


def convolution(inputs: int, outputs: int, kernel: int, norm: bool, stride: int = 1) -> nn.Sequential:
    """Convolution and ReLU, as one layer of the paper's tables; the size is kept but for ``stride``."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    middle = [nn.BatchNorm2d(outputs)] if norm else []
    return nn.Sequential(layer, *middle, nn.ReLU(inplace=True))


def scoring(inputs: int, outputs: int) -> nn.Conv2d:
    """The 1x1 convolution that gives scores; nearly empty maps at first, as most of the true ones are."""
    layer = nn.Conv2d(inputs, outputs, 1)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer


class VGGEncoder(nn.Sequential):
    """Images (N, 3, S, S) to features (N, 512 width, S / 8, S / 8). Child i is layer i + 1 of the tables."""

    def __init__(self, width: float = 1.0, norm: bool = False):
        layers, inputs = [], 3
        for block, (outputs, count) in enumerate(BLOCKS):
            if block:
                layers.append(nn.MaxPool2d(2))
            for _ in range(count):
                layers.append(convolution(inputs, channels(outputs, width), 3, norm))
                inputs = channels(outputs, width)
        super().__init__(*layers)
        self.channels = inputs


def centred(images: torch.Tensor) -> torch.Tensor:
    """RGB 0 to 1 as the networks of the paper's public code take it: -0.5 to 0.5."""
    return images - 0.5
