"""``PosePriorNet``: from score maps and the side to the hand in 3D (Zimmermann & Brox 2017, section 4.3 and Table 6),
and the lifting alternatives that their Table 2 compares it with.

All of them take score maps (N, 21, M, M) and ``right`` (N,), 1 for a right and 0 for a left hand, and return a dict
with ``joints`` (N, 21, 3): wrist at the origin, the index finger's first bone of length 1 (their equations 1 and 2), in
the camera's axes.
"""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.axis_angle import product, rotation_matrix
from hand_pose_ros.networks.bone_chain import joints_of_chain
from hand_pose_ros.networks.pose_net import KEYPOINTS
from hand_pose_ros.networks.vgg_encoder import channels, convolution

CONVOLUTIONS = ((32, 1), (32, 2), (64, 1), (64, 2), (128, 1), (128, 2))
"""Channels and stride of layers 1 to 6."""
HIDDEN, DROPOUT = 512, 0.2
BOTTLENECK = 30


class ScoreMapStream(nn.Module):
    """One stream of Table 6: six convolutions, the side concatenated, two hidden layers of 512, ``outputs`` numbers."""

    def __init__(self, outputs: int, map_size: int = 32, width: float = 1.0, bottleneck: int = 0):
        super().__init__()
        layers, inputs = [], KEYPOINTS
        for count, stride in CONVOLUTIONS:
            layers.append(convolution(inputs, channels(count, width), 3, False, stride))
            inputs = channels(count, width)
        self.convolutions = nn.Sequential(*layers)
        hidden = channels(HIDDEN, width)
        self.perceptron = nn.Sequential(
            *_hidden(inputs * (-(-map_size // 8)) ** 2 + 2, hidden), *_hidden(hidden, hidden),
            *([nn.Linear(hidden, bottleneck)] if bottleneck else []), nn.Linear(bottleneck or hidden, outputs),
        )  # fmt: skip

    def forward(self, maps: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """(N, 21, M, M) and (N,) to (N, outputs). The side is one-hot: left, right."""
        features = self.convolutions(maps).flatten(1)
        return self.perceptron(torch.cat([features, torch.stack([1.0 - right, right], 1).to(features.dtype)], 1))


class PosePriorNet(nn.Module):
    """The proposed lifting: one stream gives the canonical coordinates, the other the viewpoint.

    Besides ``joints``: ``canonical`` (N, 21, 3) in the canonical frame of a left hand (equations 3 to 7), ``rotation``
    (N, 3, 3) from the camera's axes to that frame.
    """

    def __init__(self, map_size: int = 32, width: float = 1.0):
        super().__init__()
        self.pose = ScoreMapStream(3 * KEYPOINTS, map_size, width)
        self.viewpoint = ScoreMapStream(3, map_size, width)
        # Without a first guess near no rotation, the axis-angle starts beyond a half turn, where it is ambiguous.
        nn.init.normal_(self.viewpoint.perceptron[-1].weight, std=0.01)

    def forward(self, maps: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        """Joints (N, 21, 3), canonical (N, 21, 3), rotation (N, 3, 3)."""
        canonical = self.pose(maps, right).float().reshape(-1, KEYPOINTS, 3)
        rotation = rotation_matrix(self.viewpoint(maps, right).float())
        # Equation 7: right hands are mirrored along z. Row vectors: x R is the transposed (inverse) rotation.
        side = torch.stack([torch.ones_like(right), torch.ones_like(right), 1.0 - 2.0 * right], 1)
        joints = product(canonical * side[:, None].float(), rotation)
        return {"joints": joints, "canonical": canonical, "rotation": rotation}


class DirectLifting(nn.Module):
    """Table 2, "Direct": one stream that gives the coordinates themselves; ``bottleneck`` 30 makes it "Bottleneck"."""

    def __init__(self, map_size: int = 32, width: float = 1.0, bottleneck: int = 0):
        super().__init__()
        self.pose = ScoreMapStream(3 * KEYPOINTS, map_size, width, bottleneck)

    def forward(self, maps: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        """Joints (N, 21, 3)."""
        joints = self.pose(maps, right).float().reshape(-1, KEYPOINTS, 3)
        return {"joints": joints - joints[:, :1]}


class LocalLifting(nn.Module):
    """Table 2, "Local": one stream that gives 63 kinematic parameters, ``chain`` (N, 21, 3) of ``bone_chain``."""

    def __init__(self, map_size: int = 32, width: float = 1.0):
        super().__init__()
        self.pose = ScoreMapStream(3 * KEYPOINTS, map_size, width)

    def forward(self, maps: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        """Joints (N, 21, 3) and the parameters (N, 21, 3) they were put together from."""
        chain = self.pose(maps, right).float().reshape(-1, KEYPOINTS, 3)
        return {"joints": joints_of_chain(chain), "chain": chain}


def lifting_network(name: str, map_size: int = 32, width: float = 1.0) -> nn.Module:
    """``proposed``, ``direct``, ``bottleneck`` or ``local``. ValueError for another name."""
    if name == "direct" or name == "bottleneck":
        return DirectLifting(map_size, width, BOTTLENECK if name == "bottleneck" else 0)
    if name not in ("proposed", "local"):
        raise ValueError(f"lifting is {name!r}: give proposed, direct, bottleneck or local")
    return PosePriorNet(map_size, width) if name == "proposed" else LocalLifting(map_size, width)


def _hidden(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.ReLU(inplace=True), nn.Dropout(DROPOUT)]
