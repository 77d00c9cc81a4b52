"""Losses of whole hands, by hand."""

import pytest
import torch

from hand_pose_ros.training.active_shape import ActiveShape
from hand_pose_ros.training.losses.shapes import active_shape_loss, canonical_loss, pose_loss, viewpoint_loss

ONE = torch.ones(2, 21)


def test_pose_loss_by_hand():
    predicted, target = torch.zeros(2, 21, 3), torch.zeros(2, 21, 3)
    predicted[0, 4] = torch.tensor([1.0, 2.0, 2.0])
    predicted[1, 0] = torch.tensor([0.0, 3.0, 0.0])
    assert pose_loss(predicted, target, ONE).item() == pytest.approx((9 + 9) / 2)


def test_active_shape_loss_by_hand():
    # The model moves joint 0 along x, with variance 1: the truth's 10 is clamped to 3, the truth's y is forgotten.
    directions = torch.zeros(63, 1)
    directions[0] = 1.0
    model = ActiveShape(torch.zeros(63), directions, torch.ones(1))
    target = torch.zeros(2, 21, 3)
    target[0, 0] = torch.tensor([10.0, 5.0, 0.0])
    predicted = torch.zeros(2, 21, 3)
    predicted[0, 0, 0] = 5.0
    assert active_shape_loss(predicted, target, ONE, model).item() == pytest.approx((5 - 3) ** 2 / 2)


def test_canonical_and_viewpoint_loss_by_hand():
    predicted = torch.zeros(2, 21, 3)
    predicted[0, 5, 2] = 3.0
    assert canonical_loss(predicted, torch.zeros(2, 21, 3), ONE).item() == pytest.approx(9 / (2 * 21 * 3))
    turned = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]])
    same = torch.eye(3).repeat(2, 1, 1)
    assert viewpoint_loss(turned, same, torch.ones(2)).item() == pytest.approx(4 / 9 / 2)
    assert viewpoint_loss(turned, same, torch.tensor([0.0, 1.0])).item() == 0.0


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    first, second, others = (torch.randn(2, 21, 3, generator=generator, dtype=torch.float64) for _ in range(3))
    weight = torch.rand(2, 21, generator=generator, dtype=torch.float64)
    model = ActiveShape.fit(others, 1)
    first.requires_grad_()
    for loss in (pose_loss, canonical_loss):
        assert torch.autograd.gradcheck(lambda joints, loss=loss: loss(joints, second, weight), first)
    assert torch.autograd.gradcheck(lambda joints: active_shape_loss(joints, second, weight, model), first)
    rotations = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: viewpoint_loss(r, torch.eye(3).double(), weight[:, 0]), rotations)
