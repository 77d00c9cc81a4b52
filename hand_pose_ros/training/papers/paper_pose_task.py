"""``PaperPoseTask``: what the tasks of several papers' pose networks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from hand_pose_ros.training.crop_evaluation import evaluate_crops, flat
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_pictures import contact_sheet
from hand_pose_ros.training.losses.decisions import presence_loss, side_loss
from hand_pose_ros.training.losses.heatmaps import inside
from hand_pose_ros.training.trainer.task import Task

SHOWN = 32
"""Crops of a contact sheet."""


class PaperPoseTask(Task):
    """Sums the terms of ``terms``, adds presence and side (ours) by ``decisions``, and validates as all papers do."""

    best = "all/error_2d"
    decisions = 0.1

    def terms(self, output: dict[str, torch.Tensor], batch: HandBatch) -> dict[str, torch.Tensor]:
        """The paper's own losses by name, each with its weight in it."""
        raise NotImplementedError

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The paper's terms, ``presence`` and ``side``, and their sum."""
        output = self.run(network, batch)
        terms = self.terms(output, batch) | {
            "presence": self.decisions * presence_loss(output["presence_logit"], batch.present),
            "side": self.decisions * side_loss(output["right_logit"], batch.right, batch.present),
        }
        return {"loss": sum(terms.values()), **terms}

    def run(self, network: Callable, batch: HandBatch) -> dict[str, torch.Tensor]:
        """The network's answer to a training batch."""
        return network(batch.images)

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """Figures of ``crop_evaluation``."""
        return flat(evaluate_crops(network, batches, sections=(), resamples=0))

    def pictures(self, network: nn.Module, batch: HandBatch) -> dict[str, np.ndarray]:
        """Predictions over the first held-back crops."""
        shown = batch.rows(slice(0, SHOWN))
        return {"predictions": contact_sheet(shown, network(shown.images))}


def keypoint_weights(batch: HandBatch) -> torch.Tensor:
    """(N, 21) of keypoints that have a label and a place in the crop; 0 on crops without a hand."""
    return batch.keypoint_weight * inside(batch.keypoints) * (batch.present > 0.5)[:, None]


def joint_weights(batch: HandBatch) -> torch.Tensor:
    """(N, 21) of labelled joints; 0 on crops without a hand."""
    return batch.joint_weight * (batch.present > 0.5)[:, None]
