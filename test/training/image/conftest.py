"""A tiny batch of hands with exact labels, made from the mean hand and no pictures."""

import numpy as np
import pytest
import torch

from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.mean_hand import mean_hand

SCALE = 0.22
"""Hand scale in crop widths."""


@pytest.fixture
def batch():
    """Six crops: rendered right and left, photographs of a right, a left and an unknown hand, of no hand."""
    curls = (0.1, 0.4, 0.2, 0.5, 0.3, 0.0)
    joints = np.stack([mean_hand(curl=c, tilt=0.3 * n, roll=0.2 * n - 0.4) for n, c in enumerate(curls)])
    joints[[1, 3]] *= (-1.0, 1.0, 1.0)
    joints[5] = 0.0
    centre = joints[..., :2] - joints[..., :2].mean(axis=1, keepdims=True)
    keypoints = 0.5 + SCALE * centre
    keypoints[5] = 0.0
    weight = torch.ones(6, 21)
    weight[5] = 0.0
    return HandBatch(
        images=torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0)),
        keypoints=torch.from_numpy(keypoints).float(),
        keypoint_weight=weight,
        visible=torch.full((6, 21), float("nan")),
        joints=torch.from_numpy(joints).float(),
        joint_weight=weight.clone(),
        root=torch.full((6, 3), float("nan")),
        hand_scale=torch.full((6,), float("nan")),
        camera=torch.full((6, 3, 3), float("nan")),
        right=torch.tensor([1.0, 0.0, 1.0, 0.0, float("nan"), float("nan")]),
        present=torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        segments=torch.full((6, 64, 64), UNKNOWN_SEGMENT, dtype=torch.uint8),
        real=torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
    )
