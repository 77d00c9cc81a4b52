"""Convolutional blocks of our own image networks: dense 3 x 3 convolutions, batch normalisation, ReLU.

Dense convolutions in channels-last order train faster on a CPU than depthwise ones, and ONNX Runtime folds the
normalisation into them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU: (N, channels_in, H, W) to (N, channels, H / stride, W / stride)."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1, kernel: int = 3):
        super().__init__(
            nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )


class ResidualConvBlock(nn.Module):
    """Two convolutions around which the signal also goes unchanged (He et al. 2016, figure 2), size kept."""

    def __init__(self, channels: int):
        super().__init__()
        self.enter = ConvBlock(channels, channels)
        self.convolution = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        # Begins as the identity (Goyal et al. 2017, section 5.1): deep stacks learn from the first step.
        nn.init.zeros_(self.norm.weight)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels, H, W) to the same."""
        return functional.relu(features + self.norm(self.convolution(self.enter(features))))


class Stage(nn.Sequential):
    """Halves the size, then ``blocks`` residual blocks."""

    def __init__(self, channels_in: int, channels: int, blocks: int):
        super().__init__(
            ConvBlock(channels_in, channels, stride=2), *(ResidualConvBlock(channels) for _ in range(blocks))
        )


class Merge(nn.Module):
    """Coarse features, doubled in size, added to finer ones; then residual blocks at the finer size.

    The upward path of a feature pyramid (Lin et al. 2017, figure 3).
    """

    def __init__(self, coarse: int, fine: int, channels: int, blocks: int = 1):
        super().__init__()
        self.down = nn.Conv2d(coarse, channels, 1)
        self.across = nn.Conv2d(fine, channels, 1) if fine != channels else nn.Identity()
        self.blocks = nn.Sequential(*(ResidualConvBlock(channels) for _ in range(blocks)))

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        """(N, coarse, H, W) and (N, fine, 2 H, 2 W) to (N, channels, 2 H, 2 W)."""
        raised = functional.interpolate(self.down(coarse), scale_factor=2.0, mode="nearest")
        return self.blocks(raised + self.across(fine))
