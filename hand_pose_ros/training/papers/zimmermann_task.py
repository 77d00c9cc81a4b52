"""``ZimmermannTask``: PoseNet and the lifting of Zimmermann & Brox 2017, each on its own truth, in one training.

Supplement, sections B and C: PoseNet learns score maps from crops, PosePrior learns from true score maps with noise on
their places, and no gradient passes from the second to the first. So both may learn at the same time, or one after the
other as published (phases whose names begin with ``posenet`` and ``prior``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.decisions import presence_loss, side_loss
from hand_pose_ros.training.losses.peaked_heatmaps import heatmap_squared_error, peaked_gaussian
from hand_pose_ros.training.papers.lifting_loss import lifting_losses
from hand_pose_ros.training.papers.paper_pose_task import PaperPoseTask

PUBLISHED_PX = 256.0
"""The paper's pixels are those of crops of this size."""


@dataclass(frozen=True)
class ScoreMapSettings:
    """How score maps are drawn. Pixels are those of the paper's crops of 256 pixels, whatever the network's size."""

    variance: float = setting(25.0, "Variance of the Gaussians, square pixels.", minimum=0.01)
    noise: float = setting(1.5, "Deviation of the noise on the keypoints before maps are drawn, pixels.", minimum=0.0)
    hidden: bool = setting(False, "Draw hidden keypoints too; the paper gives them maps of zeros.")
    own: float = setting(0.0, "Share of hands lifted from PoseNet's own maps.", minimum=0.0, maximum=1.0)
    decisions: float = setting(0.1, "Weight of presence and side, which are ours.", minimum=0.0)

    def __post_init__(self):
        check(self)


def score_maps(batch: HandBatch, size: int, settings: ScoreMapSettings, noise: bool = True) -> torch.Tensor:
    """True score maps (N, 21, size, size) of a batch: zeros for keypoints that are hidden, unlabelled or elsewhere."""
    shown = batch.keypoint_weight * (batch.present > 0.5)[:, None]
    if not settings.hidden:
        shown = torch.where(batch.visible == 0.0, 0.0, shown)  # NaN, unknown, counts as seen
    keypoints = batch.keypoints
    if noise:
        keypoints = keypoints + torch.randn_like(keypoints) * (settings.noise / PUBLISHED_PX)
    sigma = settings.variance**0.5 / PUBLISHED_PX * size
    return peaked_gaussian(keypoints, size, size, sigma, shown)


class ZimmermannTask(PaperPoseTask):
    """``ZimmermannTask(ZimmermannPose(...), **fields of ScoreMapSettings)``."""

    def __init__(self, network: nn.Module, **settings):
        super().__init__(network)
        self.settings = ScoreMapSettings(**settings)

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """``maps``: squared error of the three sets of score maps; the lifting's terms; ``presence`` and ``side``."""
        target = score_maps(batch, self.network.map_size, self.settings)
        if self.phase.startswith("prior") and not self.settings.own:
            terms = self._lifting(network, batch, target)
            return {"loss": sum(terms.values()), **terms}
        output = network(batch.images)
        terms = self._pose_terms(output, batch, target)
        if not self.phase.startswith("posenet"):
            terms |= self._lifting(network, batch, self._mixed(target, output["score_maps"][-1]))
        return {"loss": sum(terms.values()), **terms}

    def _pose_terms(self, output: dict, batch: HandBatch, target: torch.Tensor) -> dict[str, torch.Tensor]:
        # A crop without a hand is to have empty maps; a keypoint that nobody labelled is not to be learnt.
        weight = torch.where(batch.present[:, None] > 0.5, batch.keypoint_weight, 1.0)
        return {
            "maps": sum(heatmap_squared_error(maps, target, weight) for maps in output["score_maps"]),
            "presence": self.settings.decisions * presence_loss(output["presence_logit"], batch.present),
            "side": self.settings.decisions * side_loss(output["right_logit"], batch.right, batch.present),
        }

    def _lifting(self, network: Callable, batch: HandBatch, maps: torch.Tensor) -> dict[str, torch.Tensor]:
        return lifting_losses(network.prior(maps, torch.nan_to_num(batch.right, 0.0)), batch)

    def _mixed(self, true: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        chosen = torch.rand(len(true), 1, 1, 1, device=true.device) < self.settings.own
        return torch.where(chosen, own.detach().to(true.dtype), true)
