"""``PoseTask``: how ``networks.hand_pose.HandPoseNetwork`` learns, from rendered crops and photographs together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_figures import figures
from hand_pose_ros.training.image.pose_pictures import contact_sheet
from hand_pose_ros.training.image.pose_targets import PoseTargets, left_hands, mirrored, targets
from hand_pose_ros.training.losses.heatmaps import heatmap_divergence, weighted_mean
from hand_pose_ros.training.losses.quantile import coverage_loss
from hand_pose_ros.training.skeleton_map import skeleton_map
from hand_pose_ros.training.trainer.task import Task

CELLS_PER_BONE = 2.0
"""Thickness of the skeleton map's bones, cells of the fine heatmaps."""


@dataclass(frozen=True)
class PoseWeights:
    """What counts how much, and how the crops are shown."""

    heatmap: float = setting(1.0, "Divergence of the fine heatmaps.", minimum=0.0)
    coarse: float = setting(0.5, "Divergence of the coarse heatmaps.", minimum=0.0)
    place: float = setting(10.0, "Distance of the keypoints, hand extents.", minimum=0.0)
    depth: float = setting(2.0, "Error of the depth, hand extents.", minimum=0.0)
    real_depth: float = setting(0.1, "Share of that for photographs, whose depth is a teacher's.", minimum=0.0)
    skeleton: float = setting(0.3, "Cross-entropy of the skeleton map.", minimum=0.0)
    presence: float = setting(0.2, "Cross-entropy of the presence.", minimum=0.0)
    side: float = setting(0.2, "Cross-entropy of the side.", minimum=0.0)
    deviation: float = setting(0.1, "Pinball loss of the deviations.", minimum=0.0)
    sigma: float = setting(1.25, "Deviation of a fine heatmap's Gaussian, cells.", minimum=0.1)
    left: float = setting(0.3, "Share of the hands that are shown as left ones.", minimum=0.01, maximum=0.99)
    curled: float = setting(0.0, "How much more curled hands weigh: factor of ``pose_targets.curl``.", minimum=0.0)
    shrink_until: float = setting(0.0, "Share of the training on smaller crops.", minimum=0.0, maximum=1.0)
    shrink: int = setting(96, "Pixels of those, a multiple of 32.", minimum=32)

    def __post_init__(self):
        check(self)


class PoseTask(Task):
    """``PoseTask(network, **fields of PoseWeights)``."""

    best, sees = "error", "right"

    def __init__(self, network: nn.Module, **weights):
        super().__init__(network)
        self.weights = PoseWeights(**weights)

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The terms of ``PoseWeights``, their sum, and the mean distance in hand extents."""
        batch = self._shown(batch)
        output = network(batch.images)
        target = targets(batch, self.weights.real_depth, self.weights.curled)
        terms = losses(output, target, batch, self.weights)
        total = sum(getattr(self.weights, name) * value for name, value in terms.items())
        return {"loss": total, **terms}

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """Figures of ``pose_figures``: hands shown as right ones, but the side judged as they came."""
        return figures([self._answer(network, batch) for batch in batches])

    def asked(self, batch: HandBatch) -> HandBatch:
        """The batch with keypoints in the teacher's convention."""
        return replace(batch, keypoints=targets(batch, real_depth=1.0).keypoints)

    def pictures(self, network: nn.Module, batch: HandBatch) -> dict[str, np.ndarray]:
        """Predictions over the first crops of a held-back batch."""
        batch = mirrored(batch, left_hands(batch))
        return {"predictions": contact_sheet(batch.rows(slice(0, 32)), network(batch.images[:32]))}

    def _answer(self, network: nn.Module, batch: HandBatch) -> tuple[HandBatch, dict[str, torch.Tensor]]:
        """Both sides are asked in equal numbers: every other hand comes mirrored."""
        every_other = torch.arange(len(batch), device=batch.images.device) % 2 == 0
        sides = mirrored(batch, every_other)
        said = network(sides.images)["right"]
        batch = mirrored(batch, left_hands(batch))
        right_said = torch.where(left_hands(sides), 1.0 - said, said)
        return batch, network(batch.images) | {"right": right_said}

    def _shown(self, batch: HandBatch) -> HandBatch:
        wanted = torch.rand(len(batch), device=batch.images.device) < self.weights.left
        batch = mirrored(batch, left_hands(batch) != wanted)
        if self.progress < self.weights.shrink_until:
            size = (self.weights.shrink, self.weights.shrink)
            smaller = functional.interpolate(batch.images, size, mode="bilinear", antialias=True, align_corners=False)
            batch.images = smaller.contiguous(memory_format=torch.channels_last)
        return batch


def losses(output: dict, target: PoseTargets, batch: HandBatch, weights: PoseWeights) -> dict[str, torch.Tensor]:
    """Terms by the names of ``PoseWeights``."""
    error = (output["keypoints"] - target.keypoints) / target.extent[:, None, None]
    depth = (output["depth"] - target.depth) / target.extent[:, None]
    spread = output["keypoint_stddev"] / target.extent[:, None]
    return {
        "heatmap": heatmap_divergence(output["heatmaps"], target.keypoints, target.weight, weights.sigma),
        "coarse": heatmap_divergence(output["coarse_heatmaps"], target.keypoints, target.weight, 0.5 * weights.sigma),
        "place": weighted_mean(error.abs().sum(dim=2), target.weight),
        "depth": weighted_mean(depth.abs(), target.depth_weight),
        "skeleton": _skeleton_loss(output["skeleton"], target),
        "presence": functional.binary_cross_entropy_with_logits(output["presence_logit"], batch.present),
        "side": _side_loss(output["right_logit"], batch, weights.left),
        "deviation": weighted_mean(coverage_loss(error.detach(), spread[..., None]).mean(dim=2), target.weight),
    }


def _skeleton_loss(logits: torch.Tensor, target: PoseTargets) -> torch.Tensor:
    drawn = skeleton_map(target.keypoints, logits.shape[-1], CELLS_PER_BONE, target.weight)
    known = (target.weight > 0).float().mean(dim=1)[:, None, None].expand_as(drawn)
    return weighted_mean(functional.binary_cross_entropy_with_logits(logits, drawn, reduction="none"), known)


def _side_loss(logits: torch.Tensor, batch: HandBatch, left: float) -> torch.Tensor:
    known = torch.isfinite(batch.right) & (batch.present > 0.5)
    right = torch.nan_to_num(batch.right, 0.5)
    loss = functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
    # Both sides weigh the same, however often they are shown.
    return weighted_mean(loss, known * torch.where(right > 0.5, left, 1.0 - left))
