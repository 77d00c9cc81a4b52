"""``HeTask``: the training of He et al. 2021 with its four losses.

| version | loss of the pose beside L_hm and L_pose |
|---|---|
| bones (their baseline) | 0.01 L_len + 0.1 L_dir |
| cos1 (M-cos-1) | 0.01 L_len + 0.1 L_dir + 10 L_cos |
| cos2 (M-cos-2) | 10 L_cos |
| asm (M-asm) | L_asm, its weight falling from 100 to 1 |

Lengths are metres, as in the public code, on hands that all have a hand scale of 0.1 m; losses are per hand, where that
sums over the batch. Places on the heatmaps carry no gradient from the pose, as the cells of the highest score do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from hand_pose_ros.hand import WRIST
from hand_pose_ros.networks.he import unprojected
from hand_pose_ros.settings import check, setting
from hand_pose_ros.training.active_shape import COMPONENTS, ActiveShape, shape_weight
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.bones import cosine_loss, direction_loss, length_loss
from hand_pose_ros.training.losses.decisions import presence_loss, side_loss
from hand_pose_ros.training.losses.heatmaps import weighted_mean
from hand_pose_ros.training.losses.peaked_heatmaps import heatmap_squared_error, peaked_gaussian
from hand_pose_ros.training.losses.shapes import active_shape_loss, pose_loss
from hand_pose_ros.training.papers.paper_pose_task import PaperPoseTask, joint_weights

LENGTH, DIRECTION, COSINE = "length", "direction", "cosine"
VERSIONS = {
    "bones": {LENGTH: 0.01, DIRECTION: 0.1},
    "cos1": {LENGTH: 0.01, DIRECTION: 0.1, COSINE: 10.0},
    "cos2": {COSINE: 10.0},
    "asm": {},
}
BONE_LOSSES = {LENGTH: length_loss, DIRECTION: direction_loss, COSINE: cosine_loss}
MAP_SIZE = 64.0
HAND_SCALE_M = 0.1


@dataclass(frozen=True)
class HeSettings:
    """Which loss, and how much each term counts."""

    version: str = setting("asm", "Loss of the pose.", choices=tuple(VERSIONS))
    heatmap: float = setting(0.1, "lambda_hm.", minimum=0.0)
    pose: float = setting(1.0, "lambda_pose.", minimum=0.0)
    sigma: float = setting(2.0, "Deviation of a heatmap's Gaussian, cells of the published map of 64.", minimum=0.1)
    components: int = setting(COMPONENTS, "Components of the active shape model.", minimum=1, maximum=62)
    ours: float = setting(1.0, "Weight of presence, side and view, which the paper has not.", minimum=0.0)

    def __post_init__(self):
        check(self)


class HeTask(PaperPoseTask):
    """``HeTask(HePose(...), **fields of HeSettings)``; in phases named ``heatmaps...`` these alone learn."""

    def __init__(self, network: nn.Module, **settings):
        super().__init__(network)
        self.settings = HeSettings(**settings)

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The terms of the version; ``presence``, ``side`` and ``view`` are ours."""
        output = network(batch.images)
        terms = {"heatmap": self.settings.heatmap * self._heatmap_loss(output["heatmaps"], batch)}
        if not self.phase.startswith("heatmaps"):
            terms |= self._pose_terms(output, batch) | self._our_terms(output, batch)
        return {"loss": sum(terms.values()), **terms}

    def _heatmap_loss(self, heatmaps: list[torch.Tensor], batch: HandBatch) -> torch.Tensor:
        """L_hm of both stacks (Newell et al. 2016, section 3.3): sums over a hand's maps, means over hands."""
        size = heatmaps[0].shape[-1]
        shown = batch.keypoint_weight * (batch.present > 0.5)[:, None]
        target = peaked_gaussian(batch.keypoints, size, size, self.settings.sigma * size / MAP_SIZE, shown)
        weight = torch.where(batch.present[:, None] > 0.5, batch.keypoint_weight, 1.0)
        return 21.0 * sum(heatmap_squared_error(maps, target, weight) for maps in heatmaps)

    def _pose_terms(self, output: dict, batch: HandBatch) -> dict[str, torch.Tensor]:
        found, truth, weight = wrist_based(posed(output, batch)), wrist_based(batch.joints), joint_weights(batch)
        terms = {"pose": self.settings.pose * pose_loss(found, truth, weight)}
        for name, factor in VERSIONS[self.settings.version].items():
            terms[name] = factor * BONE_LOSSES[name](found, truth, weight)
        whole = (weight > 0).all(1)
        if self.settings.version == "asm" and int(whole.sum()) > 1:
            model = ActiveShape.fit(truth[whole], self.settings.components)
            terms["asm"] = shape_weight(self.progress) * active_shape_loss(
                found[whole], truth[whole], weight[whole], model
            )
        return terms

    def _our_terms(self, output: dict, batch: HandBatch) -> dict[str, torch.Tensor]:
        terms = {
            "presence": presence_loss(output["presence_logit"], batch.present),
            "side": side_loss(output["right_logit"], batch.right, batch.present),
            "view": view_loss(output, batch),
        }
        return {name: self.settings.ours * value for name, value in terms.items()}


def true_view(batch: HandBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Size (N,) of the hand scale in crop widths, closeness (N,), camera axis (N, 2), and which rows are known (N,)."""
    distance = batch.root[:, 2]
    size, closeness = batch.camera[:, 0, 0] * batch.hand_scale / distance, batch.hand_scale / distance
    known = torch.isfinite(size) & torch.isfinite(closeness) & (size > 0) & (closeness > 0) & (batch.present > 0.5)
    return size, closeness, batch.camera[:, :2, 2], known


def posed(output: dict[str, torch.Tensor], batch: HandBatch) -> torch.Tensor:
    """Joints (N, 21, 3) in hand scales from places and depths; the view is the true one, as in the paper, if known."""
    size, closeness, centre, known = true_view(batch)
    size = torch.where(known, size, output["size"])
    closeness = torch.where(known, closeness, output["closeness"])
    centre = torch.where(known[:, None], centre, 0.5)
    return unprojected(output["keypoints"].detach(), output["relative_depth"], size, closeness, centre)


def view_loss(output: dict[str, torch.Tensor], batch: HandBatch) -> torch.Tensor:
    """Squared logarithms of the ratios of size and closeness to the true ones."""
    size, closeness, _, known = true_view(batch)
    one = torch.ones_like(size)
    ratios = [output["size"] / torch.where(known, size, one), output["closeness"] / torch.where(known, closeness, one)]
    return weighted_mean(sum(ratio.log().square() for ratio in ratios), known.to(size.dtype))


def wrist_based(joints: torch.Tensor) -> torch.Tensor:
    """Metres (N, 21, 3) from the wrist, the paper's root, of joints in hand scales."""
    return HAND_SCALE_M * (joints - joints[:, WRIST : WRIST + 1])
