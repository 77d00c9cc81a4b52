"""``KourbaneTask``: the multi-scale network of Kourbane & Genc 2021, and the segmentation that it is shown.

The segmentation learns 0.4 L1 + 0.6 SoftDice of the drawn skeleton; the heatmaps of each scale learn their distance
from Gaussians, weighted 1, 1/2, 1/4 from the whole size to a quarter. As in the paper the segmentation learns first; it
then goes on, from its own loss alone, while the heatmaps learn from what it says.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.networks.kourbane import SCALE_WEIGHTS
from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.masks import skeleton_mask_loss
from hand_pose_ros.training.losses.peaked_heatmaps import heatmap_cross_entropy, heatmap_squared_error, peaked_gaussian
from hand_pose_ros.training.papers.paper_pose_task import PaperPoseTask, keypoint_weights
from hand_pose_ros.training.skeleton_map import skeleton_map
from hand_pose_ros.training.trainer.schedule import Phase

PUBLISHED_PX = 128.0
"""The paper's pixels are those of crops of this size."""
NARROWEST = 0.8
"""Smallest deviation of a Gaussian in cells: a narrower one has no cell near its peak."""
SEGMENTATION = "segmentation"


@dataclass(frozen=True)
class KourbaneSettings:
    """How masks and heatmaps are drawn, and how much each term counts."""

    thickness: float = setting(6.0, "Thickness of the skeleton's bones, pixels of crops of 128.", minimum=0.5)
    sigma: float = setting(2.5, "Deviation of a heatmap's Gaussian, pixels of crops of 128.", minimum=0.1)
    distance: str = setting("cross_entropy", "Of heatmaps from their targets.", choices=("cross_entropy", "squared"))
    heatmap: float = setting(0.03, "Of that distance.", minimum=0.0)
    decisions: float = setting(0.1, "Of presence and side, which are ours.", minimum=0.0)

    def __post_init__(self):
        check(self)


class KourbaneTask(PaperPoseTask):
    """``KourbaneTask(KourbanePose(...), **fields of KourbaneSettings)``."""

    def __init__(self, network: nn.Module, **settings):
        super().__init__(network)
        self.settings = KourbaneSettings(**settings)
        self.decisions = self.settings.decisions
        if network.segmentation is not None:
            self.phases = (Phase(SEGMENTATION, 0.25, (SEGMENTATION,)), Phase("heatmaps", 0.75))

    def terms(self, output: dict[str, torch.Tensor], batch: HandBatch) -> dict[str, torch.Tensor]:
        """``skeleton`` where there is one, and ``heatmap``."""
        settings = self.settings
        distance = multi_scale_loss(output["heatmap_logits"], batch, settings.sigma, settings.distance == "squared")
        heatmap = settings.heatmap * distance
        if "skeleton" not in output:
            return {"heatmap": heatmap}
        return {"heatmap": heatmap, "skeleton": skeleton_loss(output["skeleton"], batch, settings.thickness)}


def multi_scale_loss(logits: list[torch.Tensor], batch: HandBatch, sigma: float, squared: bool) -> torch.Tensor:
    """Distances of all maps, each scale with its weight; a single map counts once. Empty crops have empty maps."""
    weights = SCALE_WEIGHTS if len(logits) > 1 else (1.0,)
    empty = (batch.present < 0.5)[:, None]
    shown = keypoint_weights(batch)
    known, total = torch.where(empty, 1.0, shown), logits[0].new_zeros(())
    for weight, maps in zip(weights, logits, strict=True):
        size = maps.shape[-1]
        target = peaked_gaussian(batch.keypoints, size, size, max(sigma * size / PUBLISHED_PX, NARROWEST), shown)
        if squared:
            total = total + weight * heatmap_squared_error(maps.sigmoid(), target, known)
        else:
            total = total + weight * heatmap_cross_entropy(maps, target, known)
    return total


def skeleton_loss(predicted: torch.Tensor, batch: HandBatch, thickness: float) -> torch.Tensor:
    """0.4 L1 + 0.6 SoftDice over crops whose whole skeleton is labelled, and those without a hand."""
    size = predicted.shape[-1]
    shown = batch.keypoint_weight * (batch.present > 0.5)[:, None]
    target = skeleton_map(batch.keypoints, size, thickness * size / PUBLISHED_PX, shown)
    complete = (batch.keypoint_weight > 0).all(dim=1) | (batch.present < 0.5)
    return skeleton_mask_loss(predicted, target, complete.to(predicted.dtype))
