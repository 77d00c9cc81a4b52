"""``KeypointLifter``: from 21 keypoints seen along the viewing axis to the hand in three dimensions.

A residual multilayer perceptron in the manner of Martinez et al. 2017 ("A simple yet effective baseline for 3D human
pose estimation", section 3), with layer normalisation in place of batch normalisation, so that one hand and a thousand
give the same answer. It sees right hands only, turned upright; ``lifting.py`` prepares that and turns its answer back.
"""

from __future__ import annotations

import torch
from torch import nn

KEYPOINTS = 21
PLACES, SCORES, EXTENT = slice(0, 2 * KEYPOINTS), slice(2 * KEYPOINTS, 3 * KEYPOINTS), 3 * KEYPOINTS
GUESS, GIVEN = slice(3 * KEYPOINTS + 1, 6 * KEYPOINTS + 1), 6 * KEYPOINTS + 1
INPUTS = GIVEN + 1
SMALLEST_LOG, LARGEST_LOG = -6.0, 2.0
"""Of the stated deviations."""


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


class Trunk(nn.Module):
    """(N, 128) inputs to (N, width) features: what all lifters share."""

    def __init__(self, width: int, blocks: int, dropout: float = 0.0):
        super().__init__()
        self.enter = nn.Linear(INPUTS, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width, dropout) for _ in range(blocks)))

    def forward(self, view: torch.Tensor) -> torch.Tensor:
        """(N, 128) to (N, width)."""
        return self.blocks(self.enter(view))


class KeypointLifter(nn.Module):
    """Keypoints in the virtual view of ``lifting.VirtualView`` to normalised joints with deviations.

    Input (N, 128): keypoints x, y divided by the hand's extent (42); their confidences (21), see
    ``lifting.confidence``; the logarithm of the extent (1), which tells how strong the perspective is; a 3D guess of
    the image network, middle MCP at the origin (63); 1 if there is such a guess, else 0.
    Outputs: ``joints`` (N, 21, 3) middle MCP at the origin, lengths in hand scales, axes of the virtual view;
    ``joint_stddev`` (N, 21, 2) deviations across (each of two directions) and along the viewing axis, hand scales;
    ``keypoints`` (N, 21, 2) where the joints' centres are seen, in the input's units: a detector's own idea of a
    knuckle corrected; ``keypoint_stddev`` (N, 21) their deviations per axis; ``distance`` (N,) of the middle MCP from
    the camera, hand scales; ``distance_stddev`` (N,) relative.
    """

    def __init__(self, width: int = 384, blocks: int = 3, dropout: float = 0.0):
        super().__init__()
        self.trunk = Trunk(width, blocks, dropout)
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 5 * KEYPOINTS + 1))
        self.deviation = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Linear(64, 3 * KEYPOINTS + 1)
        )

    def forward(self, view: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 128) to the outputs above."""
        features = self.trunk(view)
        answer = self.leave(features)
        places = answer[:, 1:].reshape(-1, KEYPOINTS, 5)
        joints, correction = places[..., :3], places[..., 3:]
        # The deviations learn from what the joints get wrong; they must not teach the joints to be easy to predict.
        spread = torch.exp(self.deviation(features.detach()).clamp(SMALLEST_LOG, LARGEST_LOG))
        spreads = spread[:, 1:].reshape(-1, KEYPOINTS, 3)
        return {
            "joints": joints - joints[:, 9:10],
            "joint_stddev": spreads[..., :2],
            "keypoints": view[:, PLACES].reshape(-1, KEYPOINTS, 2) + correction,
            "keypoint_stddev": spreads[..., 2],
            # A hand about as wide as its scale is long: the product of distance and extent is near 1.
            "distance": torch.exp(answer[:, 0] - view[:, EXTENT]),
            "distance_stddev": spread[:, 0],
        }

    def example(self, batch: int) -> torch.Tensor:
        """An input, for the check of a loaded network and for its export."""
        return torch.zeros(batch, INPUTS)
