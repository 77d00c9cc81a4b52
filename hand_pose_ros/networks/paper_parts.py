"""Parts that several of the papers' networks share: initialisation, heatmaps to keypoints, presence and side."""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.heatmaps import cell_centres, mean_place

KEYPOINTS = 21


def relu_initialised(network: nn.Module) -> None:
    """Weights for convolutions and linear layers that ReLUs follow (He et al. 2015, equation 10).

    Networks without normalisation pass no signal with torch's own, smaller, initial weights.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def mass_centres(heatmaps: torch.Tensor) -> torch.Tensor:
    """(N, K, 2) fractions: centres of mass of non-negative heatmaps (N, K, H, W), divided by their sums."""
    flat = heatmaps.flatten(2).float()
    distribution = flat / flat.sum(dim=2, keepdim=True).clamp_min(1e-6)
    return mean_place(distribution, cell_centres(*heatmaps.shape[2:], device=heatmaps.device))


class WholeHandHead(nn.Module):
    """Presence and side from deep features: ours, where a paper has no such output.

    The logits come in evaluation mode too: a part that stands still in a phase of the training is in that mode.
    """

    def __init__(self, channels: int, width: int = 64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        """Features (N, C, H, W) to ``presence`` and ``right`` (N,), ``presence_logit`` and ``right_logit``."""
        answer = self.layers(features.mean(dim=(2, 3))).float()
        outputs = {"presence": answer[:, 0].sigmoid(), "right": answer[:, 1].sigmoid()}
        return outputs | {"presence_logit": answer[:, 0], "right_logit": answer[:, 1]}
