"""Stacked hourglasses: heatmaps by repeated down and up (Newell et al. 2016, "Stacked Hourglass Networks").

In the dimensions of Ge et al. 2019 ("3D Hand Shape and Pose Estimation from a Single RGB Image"), which He et al. 2021
take over: two stacks, four levels, two residual modules at each, 256 channels.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.vgg_encoder import scoring

STRIDE, LEVELS, MODULES = 4, 4, 2
STEM = (64, 128, 128)


class Residual(nn.Module):
    """Pre-activated bottleneck (He et al. 2016, "Identity Mappings"): 1x1, 3x3, 1x1, half of the channels between."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        half = outputs // 2
        self.layers = nn.Sequential(
            *_activated(inputs), nn.Conv2d(inputs, half, 1), *_activated(half), nn.Conv2d(half, half, 3, padding=1),
            *_activated(half), nn.Conv2d(half, outputs, 1),
        )  # fmt: skip
        self.around = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        return self.around(features) + self.layers(features)


class Hourglass(nn.Module):
    """``levels`` times down and up again, with a path aside at each size; the shape is kept."""

    def __init__(self, channels: int, levels: int = LEVELS, modules: int = MODULES):
        super().__init__()
        self.aside, self.down, self.up = (residuals(channels, modules) for _ in range(3))
        self.inner = Hourglass(channels, levels - 1, modules) if levels > 1 else residuals(channels, modules)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W), H and W multiples of 2^levels."""
        inner = self.up(self.inner(self.down(functional.max_pool2d(features, 2))))
        return self.aside(features) + functional.interpolate(inner, scale_factor=2.0, mode="nearest")


class StackedHourglass(nn.Module):
    """Images (N, 3, S, S) RGB 0..1 to heatmaps (N, K, S / 4, S / 4) and features (N, C, S / 4, S / 4) of each stack."""

    def __init__(self, keypoints: int = 21, stacks: int = 2, channels: int = 256):
        super().__init__()
        first, second, third = (max(4, count * channels // 256) for count in STEM)
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 7, 2, 3), *_activated(first), Residual(first, second), nn.MaxPool2d(2),
            Residual(second, third), Residual(third, channels),
        )  # fmt: skip
        self.hourglasses = nn.ModuleList(nn.Sequential(Hourglass(channels), residuals(channels)) for _ in range(stacks))
        self.features = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 1), *_activated(channels)) for _ in range(stacks)
        )
        self.heatmaps = nn.ModuleList(scoring(channels, keypoints) for _ in range(stacks))
        self.features_back = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(stacks - 1))
        self.heatmaps_back = nn.ModuleList(nn.Conv2d(keypoints, channels, 1) for _ in range(stacks - 1))

    def forward(self, images: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Heatmaps and features per stack; features of one that is followed by another are what the next one sees."""
        state, heatmaps, features = self.stem(images - 0.5), [], []
        for stack, hourglass in enumerate(self.hourglasses):
            found = self.features[stack](hourglass(state))
            heatmaps.append(self.heatmaps[stack](found))
            if stack < len(self.features_back):
                state = state + self.features_back[stack](found) + self.heatmaps_back[stack](heatmaps[-1])
                found = state
            features.append(found)
        return heatmaps, features


def residuals(channels: int, count: int = MODULES) -> nn.Sequential:
    """``count`` residual modules one after the other."""
    return nn.Sequential(*(Residual(channels, channels) for _ in range(count)))


def _activated(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
