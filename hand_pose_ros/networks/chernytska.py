"""The encoder-decoder of Chernytska 2019 ("3D Hand Pose Estimation from Single RGB Camera", Figures 3.4 and 3.5).

A ResNet-34 encoder, four up-sampling blocks with skip connections, a 2D regressor with 21 heatmaps of the input's size,
and a 3D regressor on those heatmaps and the features at a quarter of it. Variants: heatmaps ``direct`` (sigmoid;
keypoint by the average over the map divided by its sum) or ``latent`` (softmax; expectation), 3D as a ``vector`` of 63
coordinates or a ``tree`` of 20 bones. The decoder's convolutions have no bias and no normalisation, as in her published
code (github.com/OlgaChernytska/3D-Hand-Pose-Estimation, MIT); the bias of the last 2D one is ours.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.bone_tree import BoneTree
from hand_pose_ros.networks.heatmaps import probabilities
from hand_pose_ros.networks.paper_parts import KEYPOINTS, WholeHandHead, mass_centres, relu_initialised
from hand_pose_ros.networks.resnet34_encoder import ResNet34Encoder, widths

HEATMAPS, POSES = ("direct", "latent"), ("vector", "tree")
HIDDEN = 200
"""Width of the 3D regressor's hidden layer."""
EMPTY = -4.0
"""Bias of a direct heatmap before its sigmoid: it begins nearly empty, as its targets are."""


def convolutions(*channels: int, norm: bool = False) -> nn.Sequential:
    """3 x 3 convolutions without bias, each followed by batch normalisation (if ``norm``) and a ReLU."""
    layers = []
    for entering, leaving in pairwise(channels):
        layers += [nn.Conv2d(entering, leaving, 3, 1, 1, bias=False)]
        layers += [nn.BatchNorm2d(leaving)] * norm + [nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def doubled(features: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) to (N, C, 2 H, 2 W), bilinear."""
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


class UpSamplingBlock(nn.Module):
    """Coarse features, doubled in size, beside the encoder's of that size; then two convolutions."""

    def __init__(self, coarse: int, fine: int, channels: int, norm: bool = False):
        super().__init__()
        self.convolutions = convolutions(coarse + fine, channels, channels, norm=norm)

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        """(N, coarse, H, W) and (N, fine, 2 H, 2 W) to (N, channels, 2 H, 2 W)."""
        return self.convolutions(torch.cat([doubled(coarse), fine], dim=1))


class ChernytskaPose(nn.Module):
    """Input (N, 3, S, S) RGB 0..1, S = ``size``, a multiple of 32. Hands of both sides, upright crops.

    Outputs: ``keypoints`` (N, 21, 2) fractions; ``joints`` (N, 21, 3) hand scales about the middle MCP; ``presence``
    and ``right`` (N,), which the thesis has not (a small head of ours on the encoder's last features);
    ``keypoint_score`` (N, 21), the heatmap's peak, of direct heatmaps. In training also ``heatmaps`` (N, 21, S, S) and
    the logits of the head. ``width`` multiplies all channels: 1 is as published. ``floor``: the share of a direct
    heatmap's peak that is taken off before its centre of mass is; 0 is as published. The IoU loss leaves a faint
    ground over the whole map, whose mass draws the centre to the crop's middle. ``norm``: batch normalisation in the
    decoder, which the thesis has in the pretrained encoder alone.
    """

    def __init__(
        self, size: int = 128, width: float = 1.0, heatmaps: str = "direct", pose: str = "vector", floor: float = 0.0,
        norm: bool = False,
    ):  # fmt: skip
        super().__init__()
        if not 0.0 <= floor < 1.0:
            raise ValueError(f"floor is {floor}: give a share of the heatmap's peak, 0 to below 1")
        for value, allowed in ((heatmaps, HEATMAPS), (pose, POSES)):
            if value not in allowed:
                raise ValueError(f"{value!r} is no variant: give one of {', '.join(allowed)}")
        if size < 32 or size % 32:
            raise ValueError(f"size is {size}: give a multiple of 32 pixels")
        self.floor = floor if heatmaps == "direct" else 0.0
        self.input_size, self.direct, self.tree = size, heatmaps == "direct", BoneTree() if pose == "tree" else None
        self.encoder = ResNet34Encoder(width)
        self.rises = nn.ModuleList(_rises(self.encoder.channels, norm))
        fine, quarter, narrow = self.encoder.channels[0], self.encoder.channels[1], widths(width, (32, 64))
        self.regressor_2d = nn.Sequential(*convolutions(fine, fine, norm=norm), nn.Conv2d(fine, KEYPOINTS, 3, 1, 1))
        self.heatmap_block = nn.Sequential(
            convolutions(KEYPOINTS, narrow[0], norm=norm), nn.MaxPool2d(2),
            convolutions(narrow[0], narrow[1], norm=norm), nn.MaxPool2d(2),
        )  # fmt: skip
        self.block_3d = convolutions(narrow[1] + quarter, narrow[1], narrow[0], norm=norm)
        self.regressor_3d = nn.Sequential(
            nn.Linear(narrow[0] * (size // 4) ** 2, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, self._values())
        )
        self.whole = WholeHandHead(self.encoder.channels[-1])
        self._initialise()

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (N, 3, S, S) to the outputs above."""
        features = self.encoder(images)
        heatmaps, quarter = self._decode(features)
        shared = torch.cat([self.heatmap_block(heatmaps), quarter], dim=1)
        answer = self.regressor_3d(self.block_3d(shared).flatten(1)).float().unflatten(1, (-1, 3))
        outputs = {
            "keypoints": mass_centres(self._above_floor(heatmaps)),
            "joints": answer if self.tree is None else self.tree(answer),
            **self.whole(features[-1]),
        }
        if self.direct:
            outputs["keypoint_score"] = heatmaps.amax(dim=(2, 3)).float()
        if self.training:
            outputs["heatmaps"] = heatmaps
        return outputs

    def _decode(self, features: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        """Heatmaps (N, 21, S, S) and the decoder's features at S / 4."""
        levels = [features[4]]
        for rise, fine in zip(self.rises, features[3::-1], strict=True):
            levels.append(rise(levels[-1], fine))
        maps = self.regressor_2d(doubled(levels[-1]))
        heatmaps = maps.sigmoid() if self.direct else probabilities(maps).to(maps.dtype).view_as(maps)
        return heatmaps, levels[-2]

    def _above_floor(self, heatmaps: torch.Tensor) -> torch.Tensor:
        if not self.floor:
            return heatmaps
        return (heatmaps - self.floor * heatmaps.amax(dim=(2, 3), keepdim=True)).clamp_min(0.0)

    def _values(self) -> int:
        return 3 * (KEYPOINTS if self.tree is None else KEYPOINTS - 1)

    def _initialise(self) -> None:
        for module in (self.rises, self.regressor_2d, self.heatmap_block, self.block_3d, self.regressor_3d):
            relu_initialised(module)
        nn.init.normal_(self.regressor_2d[-1].weight, std=0.01)
        nn.init.constant_(self.regressor_2d[-1].bias, EMPTY)
        nn.init.normal_(self.regressor_3d[-1].weight, std=0.01)


def _rises(channels: tuple[int, ...], norm: bool) -> list[UpSamplingBlock]:
    """Four blocks, from 1/32 to 1/2; each leaves with the channels of the encoder's features it met."""
    found, entering = [], channels[4]
    for fine in channels[3::-1]:
        found.append(UpSamplingBlock(entering, fine, fine, norm))
        entering = fine
    return found
