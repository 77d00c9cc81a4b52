"""``HePose``: heatmaps by two hourglasses, relative depth by a residual network and a perceptron.

He, Huang, Lu, Li & Cheng 2021, "Toward 3D Hand Pose Estimation" (University of California, Los Angeles), after Ge et
al. 2019 with the mesh left out. The perceptron gives the depth of 20 joints relative to the wrist, in hand scales;
places across are the heatmaps'. The paper is given the depth of the root and the hand's size, to put the two together.
A network in a robot is not: linear layers on the perceptron's last features (presence and side; the hand's size in the
image and the strength of the perspective) stand in for what is given, and are ours.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.hourglass import LEVELS, MODULES, STRIDE, StackedHourglass, residuals
from hand_pose_ros.networks.peaks import peaks

KEYPOINTS, MIDDLE_MCP = 21, 9
POOLINGS = 4
HIDDEN = (1024, 256)
DROPOUT = (0.3, 0.4, 0.5)
"""In front of the perceptron's three layers, as in the public code."""
REACH = 3.0
"""Cells around the highest one that a place is read from. Two would cut Gaussians of 2 cells off: 0.6 % of the map."""
USUAL_SIZE, USUAL_CLOSENESS = 0.3, 0.2
"""Hand scale in crop widths, and hand scale over distance, that the heads start from."""


class ResidualFeatureNet(nn.Module):
    """Heatmaps and features of both stacks to a vector (N, 16 C): four times two residual modules and a maximum."""

    def __init__(self, channels: int = 256, map_size: int = 64):
        super().__init__()
        self.from_heatmaps, self.from_features = nn.Conv2d(KEYPOINTS, channels, 1), nn.Conv2d(channels, channels, 1)
        self.blocks = nn.Sequential(
            *(nn.Sequential(residuals(channels, MODULES), nn.MaxPool2d(2)) for _ in range(POOLINGS))
        )
        self.outputs = channels * (map_size >> POOLINGS) ** 2

    def forward(self, heatmaps: list[torch.Tensor], features: list[torch.Tensor]) -> torch.Tensor:
        """Lists as ``StackedHourglass`` returns them to (N, outputs)."""
        joined = self.from_heatmaps(heatmaps[-1]) + self.from_features(features[-1])
        joined = joined + features[-2] if len(features) > 1 else joined
        return self.blocks(joined).flatten(1)


class DepthPerceptron(nn.Module):
    """The deeper perceptron (their Figure 3): 4096, 1024, 256, 20; batch norm, ReLU and dropout before each layer."""

    def __init__(self, inputs: int = 4096, hidden: tuple[int, int] = HIDDEN, outputs: int = KEYPOINTS - 1):
        super().__init__()
        sizes = (inputs, *hidden)
        layers = []
        for size, following, share in zip(sizes, (*hidden, None), DROPOUT, strict=True):
            layers += [nn.BatchNorm1d(size), nn.ReLU(), nn.Dropout(share)]
            layers += [nn.Linear(size, following)] if following else []
        self.layers, self.leave = nn.Sequential(*layers), nn.Linear(sizes[-1], outputs)

    def forward(self, vector: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, inputs) to (N, outputs) and the last hidden features (N, 256)."""
        features = self.layers(vector)
        return self.leave(features), features


class HePose(nn.Module):
    """Crops (N, 3, S, S) RGB 0..1 to keypoints, presence, side and joints (``contract.py``).

    ``joints`` are normalised (middle MCP at the origin, wrist at about distance 1). ``channels`` 256 and ``input_size``
    256 are the published network. More outputs: ``relative_depth`` (N, 21) in hand scales, 0 for the wrist; ``size``
    (N,) hand scale in crop widths at the middle MCP; ``closeness`` (N,) hand scale over its distance. While training
    come ``heatmaps`` (a list of two), ``right_logit`` and ``presence_logit``.
    """

    def __init__(self, channels: int = 256, input_size: int = 256, stacks: int = 2):
        super().__init__()
        if input_size % (STRIDE << LEVELS) or channels % 4:
            given = f"input_size {input_size}, channels {channels}"
            raise ValueError(f"{given}: give multiples of {STRIDE << LEVELS} and 4")
        self.input_size, self.map_size = input_size, input_size // STRIDE
        self.hourglass = StackedHourglass(KEYPOINTS, stacks, channels)
        self.residual = ResidualFeatureNet(channels, self.map_size)
        self.perceptron = DepthPerceptron(self.residual.outputs)
        self.heads, self.view = nn.Linear(HIDDEN[-1], 2), nn.Linear(HIDDEN[-1], 2)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """The outputs of the class's description."""
        heatmaps, features = self.hourglass(images)
        depth, vector = self.perceptron(self.residual(heatmaps, features))
        presence, right = self.heads(vector).float().unbind(1)
        size, closeness = self.view(vector).float().clamp(-3.0, 3.0).exp().unbind(1)
        keypoints, score = peaks(heatmaps[-1], REACH)
        depth = functional.pad(depth.float(), (1, 0))
        output = {
            "keypoints": keypoints, "keypoint_score": score.clamp(0.0, 1.0), "presence": presence.sigmoid(),
            "right": right.sigmoid(), "relative_depth": depth, "size": USUAL_SIZE * size,
            "closeness": USUAL_CLOSENESS * closeness,
        }  # fmt: skip
        output["joints"] = unprojected(keypoints, depth, output["size"], output["closeness"])
        if self.training:
            output |= {"heatmaps": heatmaps, "presence_logit": presence, "right_logit": right}
        return output


def unprojected(
    keypoints: torch.Tensor, depth: torch.Tensor, size: torch.Tensor, closeness: torch.Tensor, centre=0.5
) -> torch.Tensor:
    """Joints (N, 21, 3) in hand scales about the middle MCP from ``keypoints`` (N, 21, 2) and ``depth`` (N, 21).

    With focal length f in crop widths and the middle MCP at distance Z, both in the paper's uvd -> xyz, a joint at
    Z + h d lies at x = (u - c) (Z + h d) / f; divided by the hand scale h that is (u - c) (1 + d closeness) / size with
    ``closeness`` h / Z and ``size`` f h / Z. ``centre`` is the camera's axis in the crop: a number or (N, 2).
    """
    depth = depth - depth[:, MIDDLE_MCP : MIDDLE_MCP + 1]
    stretch = (1.0 + depth * closeness[:, None]) / size[:, None]
    centre = centre[:, None] if isinstance(centre, torch.Tensor) else centre
    joints = torch.cat([(keypoints - centre) * stretch[..., None], depth[..., None]], 2)
    return joints - joints[:, MIDDLE_MCP : MIDDLE_MCP + 1]
