"""ResNet-34 (He et al. 2016, table 1) as an encoder: the features of every scale, no classifier.

Names and shapes of its state dict at width 1 are those of torchvision's ``resnet34``, without ``fc``, so that weights
trained there can be loaded (``training/papers/torchvision_weights.py``).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

BLOCKS = (3, 4, 6, 3)
CHANNELS = (64, 128, 256, 512)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's RGB values, 0 to 1: what torchvision's weights expect to be taken off."""


def widths(width: float, channels: tuple[int, ...] = CHANNELS) -> tuple[int, ...]:
    """``channels`` times ``width``, whole multiples of 4, at least 4."""
    return tuple(max(4, 4 * round(count * width / 4)) for count in channels)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a way around them (He et al. 2016, figure 5 left)."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.stride = stride

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels_in, H, W) to (N, channels, H / stride, W / stride)."""
        around = features if self.downsample is None else self.downsample(every(features, self.stride))
        features = functional.relu(self.bn1(self.conv1(features)))
        return functional.relu(self.bn2(self.conv2(features)) + around)


def every(features: torch.Tensor, stride: int) -> torch.Tensor:
    """Each ``stride``-th row and column: what a 1 x 1 convolution with that stride reads.

    torch 2.13 crashes on a CPU in the backward pass of such a convolution of few channels in channels-last order.
    """
    return features if stride == 1 else features[:, :, ::stride, ::stride]


class ResNet34Encoder(nn.Module):
    """Input (N, 3, S, S) RGB 0..1. Output: features at 1/2, 1/4, 1/8, 1/16 and 1/32 of S, channels ``channels``.

    ``width`` multiplies all channels: 1 is as published.
    """

    def __init__(self, width: float = 1.0):
        super().__init__()
        stages = widths(width)
        self.channels = (stages[0], *stages)
        self.conv1 = nn.Conv2d(3, stages[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(stages[0])
        for number, (count, channels) in enumerate(zip(BLOCKS, stages, strict=True)):
            entering = self.channels[number]
            first = BasicBlock(entering, channels, 1 if number == 0 else 2)
            rest = [BasicBlock(channels, channels, 1) for _ in range(count - 1)]
            setattr(self, f"layer{number + 1}", nn.Sequential(first, *rest))
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            # Not in the state dict: torchvision's has no such tensors.
            self.register_buffer(name, torch.tensor(values).reshape(1, 3, 1, 1), persistent=False)
        _initialise(self)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Images (N, 3, S, S) to five features (N, C, S / 2^n, S / 2^n), n = 1 to 5."""
        half = functional.relu(self.bn1(self.conv1((images - self.mean) / self.deviation)))
        features = [half, self.layer1(functional.max_pool2d(half, 3, 2, 1))]
        for layer in (self.layer2, self.layer3, self.layer4):
            features.append(layer(features[-1]))
        return tuple(features)


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
