"""``ShinTask``: the pose network of Shin et al. with either way of handling left and right hands.

Heatmaps that sum to 1 (equation 2) are compared with Gaussians that do; keypoints and the vector of 3 x 21 coordinates
with the labels. ``augmentation``: half of the examples are mirrored, so that the network knows both sides.
``classifier``: the network is shown right hands only, left ones mirrored by their label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_targets import mirrored
from hand_pose_ros.training.losses.heatmaps import heatmap_divergence
from hand_pose_ros.training.losses.places import distance_error, squared_error
from hand_pose_ros.training.papers.paper_pose_task import PaperPoseTask, joint_weights, keypoint_weights


@dataclass(frozen=True)
class ShinSettings:
    """How much each term counts."""

    sigma: float = setting(1.0, "Deviation of a heatmap's Gaussian, cells.", minimum=0.1)
    heatmap: float = setting(1.0, "Of the heatmaps' divergence.", minimum=0.0)
    keypoints: float = setting(5.0, "Of the keypoints' distance, crop widths.", minimum=0.0)
    joints: float = setting(2.0, "Of the joints' squared error, hand scales.", minimum=0.0)
    mirror: float = setting(0.5, "Share of examples that are mirrored.", minimum=0.0, maximum=1.0)
    decisions: float = setting(0.1, "Of the side, which the classifier says, and of presence.", minimum=0.0)

    def __post_init__(self):
        check(self)


class ShinTask(PaperPoseTask):
    """``ShinTask(ShinPose(...), **fields of ShinSettings)``."""

    def __init__(self, network: nn.Module, **settings):
        super().__init__(network)
        self.settings = ShinSettings(**settings)
        self.decisions = self.settings.decisions

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """As ``PaperPoseTask``, with a share of the batch mirrored: images, labels and sides."""
        chance = torch.rand(len(batch), device=batch.images.device)
        return super().loss(network, mirrored(batch, chance < self.settings.mirror), step)

    def run(self, network: Callable, batch: HandBatch) -> dict[str, torch.Tensor]:
        """The network told the side, where it has a classifier for that: an unknown one counts as right."""
        if self.network.classifier is None:
            return network(batch.images)
        return network(batch.images, torch.nan_to_num(batch.right, nan=1.0))

    def terms(self, output: dict[str, torch.Tensor], batch: HandBatch) -> dict[str, torch.Tensor]:
        """``heatmap``, ``keypoints`` and ``joints``."""
        weight, settings = keypoint_weights(batch), self.settings
        logits = output["heatmaps"].clamp_min(1e-12).log()
        return {
            "heatmap": settings.heatmap * heatmap_divergence(logits, batch.keypoints, weight, settings.sigma),
            "keypoints": settings.keypoints * distance_error(output["keypoints"], batch.keypoints, weight),
            "joints": settings.joints * squared_error(output["joints"], batch.joints, joint_weights(batch)),
        }
