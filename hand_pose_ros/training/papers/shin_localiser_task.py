"""``ShinLocaliserTask``: the training of Shin et al.'s localisation network: is a hand's centre in a cell, its box."""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.losses.heatmaps import weighted_mean
from hand_pose_ros.training.papers.paper_localiser_task import PaperLocaliserTask, keypoint_boxes
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_store import HAND, NOTHING

NEAR = 0.25
"""Cells whose centre is nearer to a hand's than this share of its box teach nothing about scores."""
SMALLEST = 1e-3


class ShinLocaliserTask(PaperLocaliserTask):
    """``ShinLocaliserTask(ShinLocaliser(...), tiles=...)``."""

    def frames_loss(self, output: dict[str, torch.Tensor], frames: FrameBatch) -> dict[str, torch.Tensor]:
        """``score``: cross-entropy per hand; ``place``: centre and size at the cell of each hand's centre."""
        boxes, grid = keypoint_boxes(frames.keypoints), self.network.grid
        holder = holders(boxes[..., :2], frames.state == HAND, grid)
        truth, counts = holder.any(dim=1), _counting(boxes, frames.state, self.network.cells)
        return {
            "score": score_error(output["score_logit"], truth, counts | truth),
            "place": place_error(output["box"], boxes, holder),
        }


def holders(centres: torch.Tensor, hands: torch.Tensor, grid: int) -> torch.Tensor:
    """(N, M, A) bool: the cell in which each hand's centre (N, M, 2) lies; none for what is no hand or outside."""
    inside = ((centres >= 0) & (centres < 1)).all(dim=-1) & hands
    column, row = (centres * grid).floor().long().clamp(0, grid - 1).unbind(dim=-1)
    return functional.one_hot(row * grid + column, grid * grid).bool() & inside[..., None]


def score_error(logits: torch.Tensor, truth: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of ``logits`` (N, A) with ``truth`` over the cells that count, divided by the number of hands."""
    loss = functional.binary_cross_entropy_with_logits(logits, truth.to(logits.dtype), reduction="none")
    return (loss * counts).sum() / truth.sum().clamp_min(1)


def place_error(found: torch.Tensor, boxes: torch.Tensor, holder: torch.Tensor) -> torch.Tensor:
    """Smooth L1 of centre, in box sides, and logarithm of the size; ``found`` (N, A, 4), ``boxes`` (N, M, 4)."""
    size = boxes[..., 2:].clamp_min(SMALLEST)
    side = size.amax(dim=-1, keepdim=True)
    centre = (found[:, None, :, :2] - boxes[:, :, None, :2]) / side[:, :, None]
    ratio = (found[:, None, :, 2:].clamp_min(SMALLEST) / size[:, :, None]).log()
    wrong = torch.cat([centre, ratio], dim=-1)
    errors = functional.smooth_l1_loss(wrong, torch.zeros_like(wrong), reduction="none", beta=0.05)
    return weighted_mean(errors.sum(dim=-1), holder.to(errors.dtype))


def _counting(boxes: torch.Tensor, state: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """(N, A) bool: cells that are not near the middle of anything that is or may be a hand."""
    reach = NEAR * boxes[..., 2:].amax(dim=-1).clamp(SMALLEST, 1.0)
    near = (cells - boxes[:, :, None, :2]).norm(dim=-1) < reach[..., None]
    return ~(near & (state != NOTHING)[..., None]).any(dim=1)
