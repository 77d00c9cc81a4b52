"""Batches small enough to reason about."""

from __future__ import annotations

import pytest
import torch

from hand_pose_ros.training.hand_batch import HandBatch


def random_batch(count: int = 6, size: int = 48, seed: int = 0) -> HandBatch:
    """Hands whose keypoints are the projections of their joints by a camera with unlike focal lengths and skew."""
    random = torch.Generator().manual_seed(seed)
    joints = 0.5 * torch.randn(count, 21, 3, generator=random)
    joints = joints - joints[:, 9:10]
    joints = joints / joints[:, :1].norm(dim=2, keepdim=True)
    root = torch.tensor([0.02, -0.03, 0.6]).repeat(count, 1)
    camera = torch.tensor([[0.5, 0.02, 0.45], [0.0, 0.6, 0.55], [0.0, 0.0, 1.0]]).repeat(count, 1, 1)
    scale = torch.full((count,), 0.09)
    batch = HandBatch(
        images=torch.rand(count, 3, size, size, generator=random),
        keypoints=torch.zeros(count, 21, 2),
        keypoint_weight=torch.ones(count, 21),
        visible=torch.ones(count, 21),
        joints=joints,
        joint_weight=torch.ones(count, 21),
        root=root,
        hand_scale=scale,
        camera=camera,
        right=(torch.arange(count) % 2).float(),
        present=torch.ones(count),
        segments=torch.randint(0, 18, (count, size, size), generator=random, dtype=torch.uint8),
        real=torch.zeros(count),
    )
    batch.keypoints = seen(batch)
    return batch


def seen(batch: HandBatch) -> torch.Tensor:
    """Where the batch's joints are seen by its camera, fractions (N, 21, 2)."""
    rays = (batch.joints + batch.root[:, None] / batch.hand_scale[:, None, None]) @ batch.camera.transpose(1, 2)
    return rays[..., :2] / rays[..., 2:]


@pytest.fixture
def batch() -> HandBatch:
    return random_batch()


@pytest.fixture
def projected():
    """Where a batch's joints are seen by its camera."""
    return seen
