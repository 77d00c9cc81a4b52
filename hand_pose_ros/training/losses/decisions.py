"""Yes-or-no answers: is there a hand, is it a right one."""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.losses.heatmaps import weighted_mean


def presence_loss(logit: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of ``logit`` (N,) with ``present`` (N,) 0 or 1, NaN where unknown."""
    return _cross_entropy(logit, present, torch.isfinite(present))


def side_loss(logit: torch.Tensor, right: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of ``logit`` (N,) with ``right`` (N,) 0 or 1, NaN where unknown, over crops with a hand."""
    return _cross_entropy(logit, right, torch.isfinite(right) & (present > 0.5))


def _cross_entropy(logit: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    truth = torch.where(known, truth, 0.5)
    loss = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    return weighted_mean(loss, known.to(loss.dtype))
