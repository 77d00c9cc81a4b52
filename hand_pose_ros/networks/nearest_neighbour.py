"""``NearestNeighbourLifting``: the hand in 3D of the training example whose keypoints look most alike.

"NN" of Table 2 of Zimmermann & Brox 2017 (section 5.2): nothing is learnt but remembered.
"""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.peaks import peaks


class NearestNeighbourLifting(nn.Module):
    """Remembers ``count`` hands; same inputs and output as the networks of ``pose_prior_net``."""

    def __init__(self, count: int):
        super().__init__()
        self.register_buffer("shapes", torch.zeros(count, 42))
        self.register_buffer("sides", torch.zeros(count))
        self.register_buffer("joints", torch.zeros(count, 21, 3))

    def remember(self, keypoints: torch.Tensor, right: torch.Tensor, joints: torch.Tensor) -> None:
        """Keypoints (count, 21, 2) of any unit, sides (count,) and joints (count, 21, 3) of the training examples."""
        for buffer, values in ((self.shapes, shape(keypoints)), (self.sides, right), (self.joints, joints)):
            if values.shape != buffer.shape:
                raise ValueError(f"{len(values)} examples for a memory of {len(buffer)}: give as many as it holds")
            buffer.copy_(values)

    def forward(self, maps: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        """Score maps (N, 21, M, M) and sides (N,) to the joints (N, 21, 3) of the nearest example of that side."""
        distance = torch.cdist(shape(peaks(maps)[0]), self.shapes)
        other = (right[:, None] - self.sides).abs() > 0.5
        nearest = torch.where(other, torch.inf, distance).argmin(1)
        return {"joints": self.joints[nearest]}


def shape(keypoints: torch.Tensor) -> torch.Tensor:
    """(N, 42) of keypoints (N, 21, 2): their mean at the origin, their spread 1."""
    centred = keypoints - keypoints.mean(1, keepdim=True)
    return (centred / centred.square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-6)).flatten(1)
