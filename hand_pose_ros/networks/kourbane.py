"""The networks of Kourbane & Genc 2021: a U-Net that segments the hand's skeleton, and a multi-scale heatmap regressor
that is shown it ("Skeleton-aware multi-scale heatmap regression for 2D hand pose estimation", arXiv 2105.10904).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.blocks import ConvBlock
from hand_pose_ros.networks.paper_parts import KEYPOINTS, WholeHandHead
from hand_pose_ros.networks.peaks import peaks
from hand_pose_ros.networks.resnet34_encoder import every, widths
from hand_pose_ros.networks.unet import UNet

VARIANTS = ("single_scale", "multi_scale", "skeleton")
"""The rows of their Table II: a U-Net with heatmaps of one scale; five scales; five scales and the skeleton."""
SCALE_WEIGHTS = (1.0, 0.5, 0.25, 0.5, 1.0)
"""Of heatmaps of the input's size, a half, a quarter, a half and the whole size again, in the network's order."""
UNITS = 3
"""Residual units of a block. With one the last maps would see 45 of 128 pixels, too few to tell fingers apart."""
EMPTY = -4.0
"""First bias of a heatmap before its sigmoid: nearly empty, as its targets are."""


class SkeletonLocaliser(nn.Module):
    """A square image (N, 3, S, S) RGB 0..1 to the skeletons' ``mask`` (N, S, S), probabilities; S a multiple of 16."""

    def __init__(self, size: int = 128, width: float = 1.0):
        super().__init__()
        self.input_size = _checked(size)
        self.network = UNet(3, 1, width)
        nn.init.constant_(self.network.leave.bias, EMPTY)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 3, S, S) to ``mask`` (N, S, S); in training also its ``bottleneck`` features."""
        logits, features = self.network((images - 0.5) * 4.0)
        outputs = {"mask": logits[:, 0].float().sigmoid()}
        return outputs | {"bottleneck": features} if self.training else outputs


class Residual(nn.Module):
    """Two convolutions and a way around them; ``stride`` 2 halves the size, ``rise`` doubles it first."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1, rise: bool = False):
        super().__init__()
        self.rise = rise
        self.enter = ConvBlock(channels_in, channels, stride)
        self.convolution = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.around, self.stride = nn.Conv2d(channels_in, channels, 1), stride

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels_in, H, W) to (N, channels, H', W')."""
        if self.rise:
            features = functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
        around = self.around(every(features, self.stride))
        return functional.relu(around + self.norm(self.convolution(self.enter(features))))


def residual_block(channels_in: int, channels: int, stride: int = 1, rise: bool = False) -> nn.Sequential:
    """A block of ``UNITS`` residual units, of which the first changes the size."""
    first = Residual(channels_in, channels, stride, rise)
    return nn.Sequential(first, *(Residual(channels, channels) for _ in range(UNITS - 1)))


class MultiScaleNetwork(nn.Module):
    """Images (N, C, S, S) through two residual blocks down and two up, with heatmaps at each of the five stations.

    Output: five maps (N, 21, S', S') before their sigmoids, S' = S, S/2, S/4, S/2, S, and the deepest features.
    """

    def __init__(self, inputs: int, width: float = 1.0):
        super().__init__()
        first, second, third = widths(width, (64, 128, 256))
        self.enter = nn.Sequential(ConvBlock(inputs, first, kernel=7), ConvBlock(first, first))
        self.down = nn.ModuleList([residual_block(first, second, 2), residual_block(second, third, 2)])
        # Beside the way through, the features of the same size on the way down.
        self.up = nn.ModuleList(
            [residual_block(third, second, rise=True), residual_block(2 * second, first, rise=True)]
        )
        stations = (first, second, third, 2 * second, 2 * first)
        self.heads = nn.ModuleList(nn.Conv2d(channels, KEYPOINTS, 1) for channels in stations)
        for head in self.heads:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.constant_(head.bias, EMPTY)
        self.channels = third

    def forward(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """(N, C, S, S) to the five maps and features (N, ``channels``, S / 4, S / 4)."""
        whole = self.enter(images)
        half = self.down[0](whole)
        quarter = self.down[1](half)
        half_again = torch.cat([self.up[0](quarter), half], dim=1)
        whole_again = torch.cat([self.up[1](half_again), whole], dim=1)
        stations = (whole, half, quarter, half_again, whole_again)
        return [head(features) for head, features in zip(self.heads, stations, strict=True)], quarter


class KourbanePose(nn.Module):
    """Input (N, 3, S, S) RGB 0..1, S = ``size``, a multiple of 16; upright crops, hands of both sides. 2D only.

    Outputs: ``keypoints`` (N, 21, 2) fractions, from the heatmaps' weighted average; ``keypoint_score`` (N, 21), its
    peak; ``right`` (N,), a head of ours; ``presence`` (N,): with the skeleton from the count of its foreground pixels,
    n / (n + ``foreground`` S^2), which passes 0.5 at the paper's threshold; else a head of ours. In training, instead
    of keypoints, which no loss asks for: ``heatmap_logits`` (a list), ``skeleton`` (N, S, S) and the head's logits.
    ``variant`` is a row of Table II, ``width`` multiplies all channels.
    """

    def __init__(
        self, size: int = 128, width: float = 1.0, variant: str = "skeleton", foreground: float = 0.01,
        threshold: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}: give one of {', '.join(VARIANTS)}")
        self.input_size, self.foreground, self.threshold = _checked(size), foreground, threshold
        self.segmentation = SkeletonLocaliser(size, width) if variant == "skeleton" else None
        if variant == "single_scale":
            self.heatmaps = SingleScaleNetwork(width)
        else:
            self.heatmaps = MultiScaleNetwork(3 + (variant == "skeleton"), width)
        self.whole = nn.Sequential(
            ConvBlock(self.heatmaps.channels, self.heatmaps.channels, 2),
            ConvBlock(self.heatmaps.channels, self.heatmaps.channels, 2),
            WholeHandHead(self.heatmaps.channels),
        )

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (N, 3, S, S) to the outputs above."""
        skeleton = None if self.segmentation is None else self.segmentation(images)["mask"]
        seen = (images - 0.5) * 4.0
        if skeleton is not None:
            # The segmentation learns from its own loss alone, as in the paper, where it is trained before.
            seen = torch.cat([seen, skeleton.detach()[:, None].to(seen.dtype)], dim=1)
        logits, features = self.heatmaps(seen)
        outputs = self.whole(features)
        if skeleton is not None:
            outputs["presence"] = self._presence(skeleton)
        if self.training:
            return outputs | {"heatmap_logits": logits} | ({} if skeleton is None else {"skeleton": skeleton})
        keypoints, highest = peaks(averaged([maps.float().sigmoid() for maps in logits]))
        return {"keypoints": keypoints, "keypoint_score": highest, **outputs}

    def _presence(self, skeleton: torch.Tensor) -> torch.Tensor:
        count = (skeleton > self.threshold).float().mean(dim=(1, 2))
        return count / (count + self.foreground)


class SingleScaleNetwork(nn.Module):
    """The first row of Table II: a plain U-Net whose only heatmaps have the input's size."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        self.network = UNet(3, KEYPOINTS, width)
        nn.init.normal_(self.network.leave.weight, std=0.01)
        nn.init.constant_(self.network.leave.bias, EMPTY)
        self.channels = self.network.channels[-1]

    def forward(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """(N, 3, S, S) to a list of one map (N, 21, S, S) before its sigmoid and the bottleneck's features."""
        logits, features = self.network(images)
        return [logits], features


def averaged(heatmaps: list[torch.Tensor]) -> torch.Tensor:
    """Weighted average (N, 21, S, S) of maps of five sizes, each brought to the largest size; of one, that one."""
    if len(heatmaps) == 1:
        return heatmaps[0].float()
    size = heatmaps[0].shape[2:]
    total = torch.zeros_like(heatmaps[0], dtype=torch.float32)
    for weight, maps in zip(SCALE_WEIGHTS, heatmaps, strict=True):
        whole = maps if maps.shape[2:] == size else _resized(maps, size)
        total = total + weight * whole.float()
    return total / sum(SCALE_WEIGHTS)


def _resized(maps: torch.Tensor, size) -> torch.Tensor:
    scale = float(size[0] // maps.shape[2])
    return functional.interpolate(maps, scale_factor=scale, mode="bilinear", align_corners=False)


def _checked(size: int) -> int:
    if size < 16 or size % 16:
        raise ValueError(f"size is {size}: give a multiple of 16 pixels")
    return size
