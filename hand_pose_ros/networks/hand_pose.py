"""``HandPoseNetwork``: our own keypoint network. From the crop of one hand to 2.5D keypoints, side and presence.

Direct heatmaps for every keypoint from a small residual encoder and a feature pyramid, supervised at two scales and
with the skeleton map as a further task (Kourbane & Genc 2021, sections III-A and III-B; Mueller et al. 2018: heatmaps
beside 3D); their expectation is the keypoint (Sun et al. 2018); a depth map per keypoint, read out where the heatmap
lies, is the half dimension (Iqbal et al. 2018, section 3.2). Heads say presence, side, and each keypoint's deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.networks.blocks import ConvBlock, Merge, Stage
from hand_pose_ros.networks.heatmaps import cell_centres, certainty, expectation, mean_place, pooled, probabilities

KEYPOINTS = 21
GOOD = 0.1
"""``keypoint_score``: the probability of an error below this share of the hand's extent, as PCK@0.1 counts it."""
SHARPNESS = 1.6
"""Factor of the heatmaps' logits when not training: the mean of a heatmap with two peaks lies between two fingers, of a
sharper one nearer to the higher peak. Chosen on held-back photographs (docs/experiments.md)."""
SMALLEST, LARGEST = -6.5, -1.0
"""Range of the logarithm of a stated deviation: 0.0015 to 0.37 of the crop."""


@dataclass(frozen=True)
class PoseSize:
    """How large a network is."""

    input_size: int
    widths: tuple[int, int, int, int, int]
    """Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input."""
    blocks: tuple[int, int, int, int]
    """Residual blocks at 1/4, 1/8, 1/16 and 1/32."""
    decoder: int
    """Channels of the last features, at 1/4."""


SIZES = {
    "s": PoseSize(128, (16, 32, 64, 128, 160), (1, 2, 2, 2), 32),
    "b": PoseSize(160, (32, 64, 128, 192, 256), (2, 2, 3, 2), 64),
}


class HandPoseNetwork(nn.Module):
    """Input (N, 3, S, S) RGB 0..1, hand upright within about 45 degrees; S a multiple of 32, best ``input_size``.

    Outputs (``networks/contract.py``): ``keypoints`` (N, 21, 2) fractions of the crop; ``depth`` (N, 21) crop widths,
    middle MCP at 0, larger is farther; ``presence`` (N,); ``right`` (N,); ``keypoint_stddev`` (N, 21) per axis, crop
    widths; ``keypoint_score`` (N, 21). In training mode also logits: ``heatmaps`` (N, 21, S/4, S/4),
    ``coarse_heatmaps`` (N, 21, S/8, S/8), ``skeleton`` (N, S/4, S/4), ``presence_logit`` and ``right_logit`` (N,).
    """

    def __init__(self, size: str = "s"):
        super().__init__()
        if size not in SIZES:
            raise ValueError(f"size is {size!r}: give one of {', '.join(SIZES)}")
        shape = SIZES[size]
        self.input_size = shape.input_size
        first, *widths = shape.widths
        self.stem = nn.Sequential(ConvBlock(3, first, 2, 5), Stage(first, widths[0], shape.blocks[0]))
        self.stages = nn.ModuleList(Stage(*widths[n : n + 2], shape.blocks[n + 1]) for n in range(3))
        self.merges = nn.ModuleList(
            (
                Merge(widths[3], widths[2], widths[2]),
                Merge(widths[2], widths[1], widths[1]),
                Merge(widths[1], widths[0], shape.decoder),
            )
        )
        self.coarse = nn.Conv2d(widths[1], KEYPOINTS, 1)
        self.maps = nn.Conv2d(shape.decoder, 2 * KEYPOINTS + 1, 1)
        self.whole = WholeHand(widths[3] + widths[2], widths[1])

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (N, 3, S, S) to the outputs above."""
        fine, middle, deep = self._features((images - 0.5) * 4.0)
        maps = self.maps(fine)
        heatmaps, depth_maps = maps[:, :KEYPOINTS], maps[:, KEYPOINTS : 2 * KEYPOINTS]
        distribution = probabilities(heatmaps)
        centres = cell_centres(*heatmaps.shape[2:], device=images.device)
        mean = mean_place(distribution, centres)
        coarse = self.coarse(middle)
        at_keypoints = pooled(middle, probabilities(coarse).detach())
        whole = self.whole(deep, at_keypoints, mean.detach(), certainty(distribution, centres, mean).detach())
        keypoints = mean if self.training else mean_place(probabilities(SHARPNESS * heatmaps), centres)
        # Depth must not move the heatmaps to where it is easy to tell.
        depth = expectation(distribution.detach(), depth_maps.flatten(2).float()) + whole["depth"]
        outputs = {
            "keypoints": keypoints,
            "depth": depth - depth[:, 9:10],
            "presence": whole["presence_logit"].sigmoid(),
            "right": whole["right_logit"].sigmoid(),
            "keypoint_stddev": whole["stddev"],
            "keypoint_score": score(keypoints, whole["stddev"]),
        }
        if self.training:
            outputs |= {name: whole[name] for name in ("presence_logit", "right_logit")}
            outputs |= {"heatmaps": heatmaps, "skeleton": maps[:, -1], "coarse_heatmaps": coarse}
        return outputs

    def _features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Features at 1/4 and 1/8 of the input, and a vector (N, C) of the whole crop."""
        levels = [self.stem(images)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        sixteenth = self.merges[0](levels[3], levels[2])
        eighth = self.merges[1](sixteenth, levels[1])
        deep = torch.cat([levels[3].mean(dim=(2, 3)), sixteenth.mean(dim=(2, 3))], dim=1).float()
        return self.merges[2](eighth, levels[0]), eighth, deep


class WholeHand(nn.Module):
    """What is said of the hand as a whole, its keypoints' depth and their deviations.

    From features of the whole crop, from those at each keypoint (nails or creases there tell back from palm, and so
    left from right), and from where the keypoints are.
    """

    def __init__(self, channels: int, local: int, width: int = 96):
        super().__init__()
        self.enter = nn.Sequential(nn.Linear(channels + KEYPOINTS * (local + 2), width), nn.ReLU())
        self.leave = nn.Linear(width, 2 + KEYPOINTS)
        self.spread = nn.Sequential(nn.Linear(channels + 2 * KEYPOINTS, width), nn.ReLU(), nn.Linear(width, KEYPOINTS))

    def forward(
        self, features: torch.Tensor, local: torch.Tensor, keypoints: torch.Tensor, certainties: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Features (N, channels) and (N, 21, local), keypoints (N, 21, 2) and their heatmaps' certainties (N, 21, 2)
        to logits, depths and deviations."""
        places = 4.0 * (keypoints - keypoints.mean(dim=1, keepdim=True))
        seen = torch.cat([features, local.flatten(1), places.flatten(1)], dim=1)
        answer = self.leave(self.enter(seen)).float()
        # The deviations learn from what the keypoints get wrong; they must not teach them to be easy to predict.
        hints = torch.cat([features.detach(), certainties.flatten(1)], dim=1)
        # The heatmap's own spread is the first guess; what is learnt is a factor.
        spread = certainties[..., 0] + self.spread(hints).float()
        return {
            "presence_logit": answer[:, 0],
            "right_logit": answer[:, 1],
            "depth": answer[:, 2:],
            "stddev": spread.clamp(SMALLEST, LARGEST).exp(),
        }


def score(keypoints: torch.Tensor, stddev: torch.Tensor) -> torch.Tensor:
    """(N, 21) probability that a keypoint is right to within ``GOOD`` of the hand's extent.

    An error whose two components are normal with ``stddev`` is shorter than r with probability
    1 - exp(-r^2 / (2 stddev^2)) (Rayleigh).
    """
    extent = (keypoints.amax(dim=1) - keypoints.amin(dim=1)).amax(dim=1, keepdim=True)
    return 1.0 - torch.exp(-0.5 * (GOOD * extent / stddev) ** 2)
