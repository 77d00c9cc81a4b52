"""Losses of bones: their lengths and directions (He et al. 2021, section 3.1, after Lee and Kuo).

Shapes: joints (N, 21, 3) of any unit, weights (N, 21), 0 for a joint without a label; a bone counts as its lesser end.
All are means over the batch of the sums over a hand's bones, but for ``cosine_loss``, a mean over all bones as printed.
"""

from __future__ import annotations

import torch

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.losses.heatmaps import weighted_mean

PARENTS, CHILDREN = ([bone[end] for bone in BONES] for end in (0, 1))
SMALLEST = 1e-8


def bone_vectors(joints: torch.Tensor) -> torch.Tensor:
    """Vectors (N, 20, 3) from joint to joint outwards, in the order of ``hand.BONES``."""
    return joints[:, CHILDREN] - joints[:, PARENTS]


def bone_weights(weight: torch.Tensor) -> torch.Tensor:
    """(N, 20) of joint weights (N, 21)."""
    return torch.minimum(weight[:, CHILDREN], weight[:, PARENTS])


def length_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_len: sum over bones of | |b| - |b'| |, mean over hands."""
    difference = (_length(bone_vectors(predicted)) - _length(bone_vectors(target))).abs()
    return len(BONES) * weighted_mean(difference, bone_weights(weight))


def direction_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_dir: sum over bones of | b / |b| - b' / |b'| |, mean over hands. A bone of no length points nowhere: 0."""
    difference = _unit(bone_vectors(predicted)) - _unit(bone_vectors(target))
    return len(BONES) * weighted_mean(_length(difference), bone_weights(weight))


def cosine_loss(predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L_cos = 1 - mean over bones of b . b' / max(|b| |b'|, 1e-8) (section 3.2.1)."""
    first, second = bone_vectors(predicted), bone_vectors(target)
    scale = (_length(first) * _length(second)).clamp_min(SMALLEST)
    return weighted_mean(1.0 - (first * second).sum(-1) / scale, bone_weights(weight))


def _length(vectors: torch.Tensor) -> torch.Tensor:
    """Lengths with gradient 0 at 0, where there is none."""
    square = vectors.square().sum(-1)
    return torch.where(square > 0.0, torch.where(square > 0.0, square, 1.0).sqrt(), 0.0)


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / _length(vectors).clamp_min(SMALLEST)[..., None]
