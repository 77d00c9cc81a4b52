"""``PoseNet``: score maps of the 21 keypoints (Zimmermann & Brox 2017, section 4.2 and supplement, Table 5)."""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.vgg_encoder import VGGEncoder, centred, channels, convolution, scoring

KEYPOINTS = 21
REFINEMENTS, CONVOLUTIONS = 2, 5


class PoseNet(nn.Module):
    """Images (N, 3, S, S) RGB 0..1 to three sets of score maps (N, 21, S / 8, S / 8), the last one the best.

    The encoder's features (layer 16) give the first maps (17). Each refinement sees the features and all maps so far
    (18 and 25), has five 7x7 convolutions (19 to 23, 26 to 30) and gives maps again (24, 31). All three are trained.
    ``norm`` and ``residual``, for training from scratch, are ours: normalised convolutions, and refinements that add to
    the maps before them.
    """

    def __init__(self, width: float = 1.0, norm: bool = False, residual: bool = False):
        super().__init__()
        self._residual = residual
        self.encoder = VGGEncoder(width, norm)
        self.score = scoring(self.encoder.channels, KEYPOINTS)
        self.refinements = nn.ModuleList(
            _refinement(self.encoder.channels + KEYPOINTS * (stage + 1), channels(128, width), norm)
            for stage in range(REFINEMENTS)
        )

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Features (N, 512 width, S / 8, S / 8) and the score maps of layers 17, 24 and 31."""
        features = self.encoder(centred(images))
        maps = [self.score(features)]
        for refinement in self.refinements:
            refined = refinement(torch.cat([features, *maps], 1))
            maps.append(maps[-1] + refined if self._residual else refined)
        return features, maps


def _refinement(inputs: int, width: int, norm: bool) -> nn.Sequential:
    layers = [convolution(inputs, width, 7, norm)]
    layers += [convolution(width, width, 7, norm) for _ in range(CONVOLUTIONS - 1)]
    return nn.Sequential(*layers, scoring(width, KEYPOINTS))
