"""``HandSegNet``: which pixels show a hand (Zimmermann & Brox 2017, section 4.1 and supplement, Table 4)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.vgg_encoder import STRIDE, VGGEncoder, centred


class HandSegNet(nn.Module):
    """Images (N, 3, S, S) RGB 0..1 to ``mask`` (N, S, S): probability that a pixel shows a hand.

    Layers 1 to 16 are the encoder, 17 scores two classes (background, hand), 18 enlarges the scores to the image's
    size. While training, ``scores`` (N, 2, S, S) come too; the paper's argmax (layer 19) is the mask above one half.
    ``width`` 1 and ``input_size`` 256 are the published network.
    """

    def __init__(self, width: float = 1.0, input_size: int = 256, norm: bool = False):
        super().__init__()
        if input_size % STRIDE:
            raise ValueError(f"input_size is {input_size}: give a multiple of {STRIDE}")
        self.input_size = input_size
        self.encoder = VGGEncoder(width, norm)
        self.score = nn.Conv2d(self.encoder.channels, 2, 1)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 3, S, S) to the mask (N, S, S), in training also the classes' scores (N, 2, S, S)."""
        scores = self.score(self.encoder(centred(images)))
        scores = functional.interpolate(scores, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)
        mask = torch.sigmoid(scores[:, 1] - scores[:, 0])  # the softmax of two classes
        return {"mask": mask, "scores": scores} if self.training else {"mask": mask}
