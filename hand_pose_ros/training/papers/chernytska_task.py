"""``ChernytskaTask``: the training of Chernytska 2019.

| heatmaps | loss in 2D | loss in 3D |
|---|---|---|
| direct | 1 - IoU of the heatmaps | mean squared error of the joints |
| latent | 10 x mean squared error of the keypoints | mean squared error of the joints |

What a data set does not label has no weight (section 3.5). Two phases: the encoder stands still and nothing is
augmented; then all of it learns on augmented crops. Without ImageNet's weights there is nothing in the encoder to
keep, and it learns in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.peaked_heatmaps import heatmap_iou_loss, peaked_gaussian
from hand_pose_ros.training.losses.places import distance_error, squared_error
from hand_pose_ros.training.papers.paper_pose_task import PaperPoseTask, joint_weights, keypoint_weights
from hand_pose_ros.training.papers.torchvision_weights import load_encoder
from hand_pose_ros.training.trainer.schedule import Phase

DECODER = ("rises", "regressor_2d", "heatmap_block", "block_3d", "regressor_3d", "whole")
PUBLISHED_PX = 128.0
"""The thesis' pixels are those of crops of this size."""
FIRST, SECOND = 1000.0, 400.0
"""Epochs of her two phases, at learning rates of 0.005 and 0.003 (experiments e010 and e020 of her repository)."""


@dataclass(frozen=True)
class ChernytskaSettings:
    """How much each term counts."""

    sigma: float = setting(3.0, "Deviation of a heatmap's Gaussian, pixels of crops of 128.", minimum=0.1)
    heatmap: float = setting(1.0, "Of the IoU loss of direct heatmaps.", minimum=0.0)
    keypoints: float = setting(10.0, "Of the squared error of latent keypoints.", minimum=0.0)
    centre: float = setting(0.0, "Of the distance of direct heatmaps' centres of mass; ours.", minimum=0.0)
    joints: float = setting(1.0, "Of the squared error of the joints.", minimum=0.0)
    decisions: float = setting(0.1, "Of presence and side, which are ours.", minimum=0.0)

    def __post_init__(self):
        check(self)


class ChernytskaTask(PaperPoseTask):
    """``ChernytskaTask(ChernytskaPose(...), encoder_weights=FILE or None, **fields of ChernytskaSettings)``."""

    def __init__(self, network: nn.Module, encoder_weights: str | None = None, **settings):
        super().__init__(network)
        self.settings = ChernytskaSettings(**settings)
        self.decisions = self.settings.decisions
        if encoder_weights:
            load_encoder(network.encoder, encoder_weights)
        self.phases = (
            Phase("frozen encoder" if encoder_weights else "plain crops", FIRST, DECODER if encoder_weights else (),
                  augment=False),
            Phase("augmented crops", SECOND),
        )  # fmt: skip

    def terms(self, output: dict[str, torch.Tensor], batch: HandBatch) -> dict[str, torch.Tensor]:
        """``heatmap`` or ``keypoints``, and ``joints``."""
        weight = keypoint_weights(batch)
        joints = squared_error(output["joints"], batch.joints, joint_weights(batch))
        terms = {"joints": self.settings.joints * joints}
        if not self.network.direct:
            found = squared_error(output["keypoints"], batch.keypoints, weight)
            return terms | {"keypoints": self.settings.keypoints * found}
        size = output["heatmaps"].shape[-1]
        target = peaked_gaussian(batch.keypoints, size, size, self.settings.sigma * size / PUBLISHED_PX)
        overlap = heatmap_iou_loss(output["heatmaps"], target, weight)
        terms |= {"heatmap": self.settings.heatmap * overlap}
        if self.settings.centre:
            # An empty map has no slope in its overlap, but still a centre: that is divided by the map's sum.
            terms["centre"] = self.settings.centre * distance_error(output["keypoints"], batch.keypoints, weight)
        return terms
