"""``KeypointLifter``: from 21 keypoints seen along the viewing axis to the hand in three dimensions.

A residual multilayer perceptron in the manner of Martinez et al. 2017 ("A simple yet effective baseline for 3D human
pose estimation", section 3), with layer normalisation in place of batch normalisation, so that one hand and a thousand
give the same answer. It sees right hands only, turned upright; ``lifting.py`` prepares that and turns its answer back.
"""

from __future__ import annotations

import torch
from torch import nn

KEYPOINTS = 21
INPUTS = 2 * KEYPOINTS + KEYPOINTS + 1 + 3 * KEYPOINTS + 1


class ResidualBlock(nn.Module):
    """Two linear layers around which the signal also goes unchanged, (N, width) to (N, width)."""

    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, width) to (N, width)."""
        return features + self.layers(features)


class KeypointLifter(nn.Module):
    """Keypoints in the virtual view of ``lifting.VirtualView`` to normalised joints with deviations.

    Input (N, 128): keypoints x, y divided by the hand's extent (42); their scores (21); the logarithm of the extent
    (1), which tells how strong the perspective is; a 3D guess of the image network, middle MCP at the origin (63); 1 if
    there is such a guess, else 0.
    Outputs: ``joints`` (N, 21, 3) middle MCP at the origin, lengths in hand scales, axes of the virtual view;
    ``joint_stddev`` (N, 21, 2) deviations across and along the viewing axis, hand scales; ``keypoints`` (N, 21, 2)
    where the joints' centres are seen, in the input's units: a detector's own idea of a knuckle corrected.
    """

    def __init__(self, width: int = 384, blocks: int = 3, dropout: float = 0.0):
        super().__init__()
        self.enter = nn.Linear(INPUTS, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width, dropout) for _ in range(blocks)))
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 5 * KEYPOINTS))
        self.deviation = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Linear(64, 2 * KEYPOINTS)
        )

    def forward(self, view: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 128) to joints (N, 21, 3), joint_stddev (N, 21, 2) and keypoints (N, 21, 2)."""
        features = self.blocks(self.enter(view))
        answer = self.leave(features).reshape(-1, KEYPOINTS, 5)
        joints, correction = answer[..., :3], answer[..., 3:]
        keypoints = view[:, : 2 * KEYPOINTS].reshape(-1, KEYPOINTS, 2) + correction
        # The deviations learn from what the joints get wrong; they must not teach the joints to be easy to predict.
        spread = self.deviation(features.detach()).reshape(-1, KEYPOINTS, 2)
        return {
            "joints": joints - joints[:, 9:10],
            "joint_stddev": torch.exp(spread.clamp(-6.0, 2.0)),
            "keypoints": keypoints,
        }

    def example(self, batch: int) -> torch.Tensor:
        """An input, for the check of a loaded network and for its export."""
        return torch.zeros(batch, INPUTS)
