"""U-Net (Ronneberger et al. 2015, figure 1), padded so that the output has the input's size."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.blocks import ConvBlock
from hand_pose_ros.networks.resnet34_encoder import widths

CHANNELS = (64, 128, 256, 512, 1024)


class UNet(nn.Module):
    """Images (N, C, S, S), S a multiple of 16, to logits (N, ``outputs``, S, S) and the bottleneck's features.

    ``width`` multiplies the published channels 64 to 1024. Batch normalisation after each convolution is ours.
    """

    def __init__(self, inputs: int, outputs: int, width: float = 1.0):
        super().__init__()
        self.channels = widths(width, CHANNELS)
        entering = (inputs, *self.channels[:-1])
        self.down = nn.ModuleList(_twice(*pair) for pair in zip(entering, self.channels, strict=True))
        levels = list(zip(self.channels[1:], self.channels[:-1], strict=True))[::-1]
        self.rise = nn.ModuleList(nn.ConvTranspose2d(deep, fine, 2, 2) for deep, fine in levels)
        self.up = nn.ModuleList(_twice(2 * fine, fine) for _, fine in levels)
        self.leave = nn.Conv2d(self.channels[0], outputs, 1)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, C, S, S) to logits (N, outputs, S, S) and features (N, 1024 width, S / 16, S / 16)."""
        levels = [self.down[0](images)]
        for block in self.down[1:]:
            levels.append(block(functional.max_pool2d(levels[-1], 2)))
        features = levels[-1]
        for rise, block, fine in zip(self.rise, self.up, levels[-2::-1], strict=True):
            features = block(torch.cat([fine, rise(features)], dim=1))
        return self.leave(features), levels[-1]


def _twice(entering: int, leaving: int) -> nn.Sequential:
    return nn.Sequential(ConvBlock(entering, leaving), ConvBlock(leaving, leaving))
