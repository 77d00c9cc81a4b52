"""The networks of Shin et al.: one that finds hands in the image, one that tells left from right, one for the pose.

The pose network regresses a heatmap per keypoint, divides it by its sum (their equation 2), reads the 2D keypoints off
it, and joins the heatmaps with its intermediate features for a vector of 3 x 21 coordinates. Layer sizes are ours: what
we know of the paper are its stages and what passes between them (docs/papers.md).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.networks.blocks import ConvBlock, Merge, ResidualConvBlock, Stage
from hand_pose_ros.networks.heatmaps import cell_centres
from hand_pose_ros.networks.paper_parts import KEYPOINTS, WholeHandHead, mass_centres
from hand_pose_ros.networks.resnet34_encoder import widths

SIDES = ("augmentation", "classifier")
LOCALISER_STRIDE = 16
UNIT = 0.2
"""Side of a hand's box, as a share of the image, that the network's value 0 stands for."""
RARE = -3.0


class ShinLocaliser(nn.Module):
    """Boxes of hands in a square image (N, 3, S, S) RGB 0..1, S = ``size``, a multiple of 16; A = (S / 16)^2 cells.

    Output: ``score`` (N, A), ``box`` (N, A, 4) cx, cy, w, h and ``axis`` (N, A, 2, 2), which points up: the paper's
    crops stand upright. In training also the ``score_logit``. ``width`` multiplies the channels 32, 64, 128, 256.
    """

    def __init__(self, size: int = 192, width: float = 1.0):
        super().__init__()
        if size < 16 or size % LOCALISER_STRIDE:
            raise ValueError(f"size is {size}: give a multiple of {LOCALISER_STRIDE} pixels")
        self.input_size, self.grid = size, size // LOCALISER_STRIDE
        levels = (3, *widths(width, (32, 64, 128, 256)))
        stages = [Stage(entering, leaving, 1) for entering, leaving in pairwise(levels)]
        # Each cell must see a hand that fills the image.
        around = [ResidualConvBlock(levels[-1]) for _ in range(3)]
        self.layers = nn.Sequential(*stages, *around, nn.Conv2d(levels[-1], 5, 1))
        nn.init.normal_(self.layers[-1].weight, std=0.01)
        nn.init.zeros_(self.layers[-1].bias)
        self.layers[-1].bias.data[0] = RARE
        self.register_buffer("cells", cell_centres(self.grid, self.grid), persistent=False)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 3, S, S) to candidates as above."""
        values = self.layers((images - 0.5) * 4.0).flatten(2).transpose(1, 2).float()
        centre = self.cells + values[..., 1:3] / self.grid
        size = UNIT * values[..., 3:5].clamp(-4.0, 2.0).exp()
        reach = size[..., 1:] * torch.tensor([0.0, 0.5], device=size.device)
        outputs = {
            "score": values[..., 0].sigmoid(),
            "box": torch.cat([centre, size], dim=-1),
            "axis": torch.stack([centre + reach, centre - reach], dim=-2),
        }
        return outputs | {"score_logit": values[..., 0]} if self.training else outputs


class SideClassifier(nn.Module):
    """A crop (N, 3, S, S) to the logit (N,) of a right hand."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        levels = (3, *widths(width, (32, 64, 128, 128)))
        self.layers = nn.Sequential(*(Stage(entering, leaving, 1) for entering, leaving in pairwise(levels)))
        self.leave = nn.Linear(levels[-1], 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) RGB 0..1 to (N,)."""
        return self.leave(self.layers((images - 0.5) * 4.0).mean(dim=(2, 3)))[:, 0].float()


class ShinPose(nn.Module):
    """Input (N, 3, S, S) RGB 0..1, S = ``size``, a multiple of 32; upright crops, hands of both sides.

    ``sides``: how both sides are handled. ``augmentation``: the network has seen both, mirrored examples among them.
    ``classifier``: it knows right hands only; the classifier's left ones it sees mirrored, and its answer is mirrored
    back. Outputs: ``keypoints`` (N, 21, 2) fractions; ``joints`` (N, 21, 3) hand scales; ``presence`` and ``right``
    (N,). In training also ``heatmaps`` (N, 21, S/4, S/4), which sum to 1, and logits.
    ``width`` multiplies all channels.
    """

    def __init__(self, size: int = 128, width: float = 1.0, sides: str = "augmentation"):
        super().__init__()
        if sides not in SIDES:
            raise ValueError(f"sides is {sides!r}: give one of {', '.join(SIDES)}")
        if size < 32 or size % 32:
            raise ValueError(f"size is {size}: give a multiple of 32 pixels")
        self.input_size = size
        self.classifier = SideClassifier(width / 2) if sides == "classifier" else None
        half, quarter, eighth, sixteenth, last = widths(width, (32, 64, 128, 256, 256))
        self.stem = nn.Sequential(ConvBlock(3, half, 2, 5), Stage(half, quarter, 2))
        pairs = ((quarter, eighth), (eighth, sixteenth), (sixteenth, last))
        self.stages = nn.ModuleList(Stage(entering, leaving, 2) for entering, leaving in pairs)
        self.merges = nn.ModuleList(
            [Merge(last, sixteenth, sixteenth), Merge(sixteenth, eighth, eighth), Merge(eighth, quarter, quarter)]
        )
        self.heatmaps = nn.Conv2d(quarter, KEYPOINTS, 1)
        self.from_heatmaps = nn.Sequential(Stage(KEYPOINTS, eighth, 1), Stage(eighth, sixteenth, 1))
        self.joined = nn.Sequential(Stage(2 * sixteenth, last, 1), nn.Flatten())
        self.regressor = nn.Sequential(
            nn.Linear(last * (size // 32) ** 2 + 2 * KEYPOINTS, 256), nn.ReLU(), nn.Linear(256, 3 * KEYPOINTS)
        )
        self.whole = WholeHandHead(last)

    def forward(self, images: torch.Tensor, right: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """Images (N, 3, S, S) to the outputs above. ``right`` (N,): the known side, in the classifier's place."""
        if self.classifier is None:
            return self.pose(images)
        logit = self.classifier(images)
        shown_right = logit.sigmoid() if right is None else right
        mirrored = shown_right < 0.5
        outputs = unmirrored(self.pose(torch.where(mirrored[:, None, None, None], images.flip(3), images)), mirrored)
        outputs["right"] = logit.sigmoid()
        return outputs | {"right_logit": logit} if self.training else outputs

    def pose(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """What is said of crops as they are shown."""
        levels = [self.stem((images - 0.5) * 4.0)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        sixteenth = self.merges[0](levels[3], levels[2])
        fine = self.merges[2](self.merges[1](sixteenth, levels[1]), levels[0])
        heatmaps = normalised(self.heatmaps(fine).float())
        keypoints = mass_centres(heatmaps)
        outputs = {
            "keypoints": keypoints,
            "joints": self._joints(heatmaps, sixteenth, keypoints),
            **self.whole(levels[3]),
        }
        return outputs | {"heatmaps": heatmaps} if self.training else outputs

    def _joints(self, heatmaps: torch.Tensor, features: torch.Tensor, keypoints: torch.Tensor) -> torch.Tensor:
        """(N, 21, 3) from the 2D answer and the features between; the 2D answer learns from its own loss alone."""
        # Their sums are 1, so their cells are about as small as one over their number.
        maps = heatmaps.detach() * float(heatmaps.shape[2] * heatmaps.shape[3]) / 64.0
        shared = self.joined(torch.cat([self.from_heatmaps(maps.to(features.dtype)), features], dim=1))
        vector = torch.cat([shared, (keypoints.detach().flatten(1) - 0.5).to(shared.dtype)], dim=1)
        return self.regressor(vector).float().unflatten(1, (KEYPOINTS, 3))


def normalised(maps: torch.Tensor) -> torch.Tensor:
    """Heatmaps (N, K, H, W) that are positive and sum to 1 (equation 2): exponentials divided by their sum."""
    return functional.softmax(maps.flatten(2), dim=2).view_as(maps)


def unmirrored(outputs: dict[str, torch.Tensor], rows: torch.Tensor) -> dict[str, torch.Tensor]:
    """The pose outputs with ``rows`` (N,) bool turned back from the mirror."""
    outputs, flip = dict(outputs), rows[:, None, None]
    keypoints, joints = outputs["keypoints"], outputs["joints"]
    across = torch.stack([1.0 - keypoints[..., 0], keypoints[..., 1]], dim=-1)
    outputs["keypoints"] = torch.where(flip, across, keypoints)
    outputs["joints"] = torch.where(flip, joints * torch.tensor([-1.0, 1.0, 1.0], device=joints.device), joints)
    if "heatmaps" in outputs:
        maps = outputs["heatmaps"]
        outputs["heatmaps"] = torch.where(flip[..., None], maps.flip(3), maps)
    return outputs
