"""Losses of the papers against values worked out by hand, and their gradients."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from hand_pose_ros.training.losses.masks import l1_mask_loss, skeleton_mask_loss, soft_dice_loss
from hand_pose_ros.training.losses.peaked_heatmaps import (
    heatmap_cross_entropy,
    heatmap_iou_loss,
    heatmap_squared_error,
    peaked_gaussian,
)
from hand_pose_ros.training.losses.places import distance_error, squared_error

LOSSES = [l1_mask_loss, soft_dice_loss, skeleton_mask_loss]
SHAPES = {
    **dict.fromkeys(LOSSES, ((2, 4, 3), (2,))),
    heatmap_iou_loss: ((2, 3, 4, 3), (2, 3)), heatmap_squared_error: ((2, 3, 4, 3), (2, 3)),
    squared_error: ((2, 3, 3), (2, 3)), distance_error: ((2, 3, 3), (2, 3)),
}  # fmt: skip


def example(loss, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape, weights = SHAPES[loss]
    predicted, target = (torch.rand(shape, generator=generator, dtype=torch.float64) for _ in range(2))
    weight = torch.rand(weights, generator=generator, dtype=torch.float64)
    weight.view(-1)[1] = 0
    return predicted, target, weight


@pytest.mark.parametrize("loss", SHAPES, ids=lambda loss: loss.__name__)
def test_gradients(loss):
    predicted, target, weight = example(loss)
    assert gradcheck(lambda found: loss(found, target, weight), (predicted.requires_grad_(),))


@pytest.mark.parametrize("loss", SHAPES, ids=lambda loss: loss.__name__)
def test_perfect_is_zero_and_what_is_unlabelled_has_no_say(loss):
    predicted, target, weight = example(loss)
    assert loss(target, target, weight) == pytest.approx(0, abs=1e-6)
    other = predicted.clone()
    other.view(*weight.shape, -1)[weight == 0] = 7.0
    assert loss(other, target, weight) == loss(predicted, target, weight) > 0
    changed = predicted.clone()
    changed.view(*weight.shape, -1)[weight > 0] += 0.3
    assert loss(changed, target, weight) != loss(predicted, target, weight)


@pytest.mark.parametrize("loss", SHAPES, ids=lambda loss: loss.__name__)
def test_a_batch_without_labels_is_zero_with_zero_gradient(loss):
    predicted, target, weight = example(loss)
    found = loss(predicted.requires_grad_(), target, torch.zeros_like(weight))
    found.backward()
    assert found == 0
    assert (predicted.grad == 0).all()


def test_heatmap_iou_by_hand():
    # p = (1, 0.5), t = (0.5, 0): common 0.5, union 1.25 + 0.25 - 0.5 = 1, IoU 0.5.
    predicted, target = torch.tensor([[[[1.0, 0.5]]]]), torch.tensor([[[[0.5, 0.0]]]])
    assert heatmap_iou_loss(predicted, target, torch.ones(1, 1)) == pytest.approx(0.5, abs=1e-5)
    assert heatmap_iou_loss(target * 0, target * 0, torch.ones(1, 1)) == 0
    # A second keypoint, exactly right, with three times the weight: a quarter of the first one's loss.
    both = heatmap_iou_loss(
        torch.cat([predicted, target], 1), torch.cat([target, target], 1), torch.tensor([[1.0, 3.0]])
    )
    assert both == pytest.approx(0.125, abs=1e-5)


def test_heatmap_squared_error_by_hand():
    predicted = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]]])
    assert heatmap_squared_error(predicted, torch.zeros_like(predicted), torch.ones(1, 2)) == pytest.approx(1.0)
    assert heatmap_squared_error(predicted, predicted * 0, torch.tensor([[1.0, 0.0]])) == pytest.approx(1.0)


def test_heatmap_cross_entropy_by_hand():
    # sigmoid(0) = 1/2 against 1, 0 and 1/2: log 2, log 2 and 0.
    logits, target = torch.zeros(1, 1, 1, 3), torch.tensor([[[[1.0, 0.0, 0.5]]]])
    assert heatmap_cross_entropy(logits, target, torch.ones(1, 1)) == pytest.approx(2 * math.log(2))
    assert heatmap_cross_entropy(target.logit(1e-6), target, torch.ones(1, 1)) == pytest.approx(0, abs=1e-4)
    assert heatmap_cross_entropy(logits, target, torch.zeros(1, 1)) == 0
    generator = torch.Generator().manual_seed(0)
    logits, target = (torch.rand(2, 2, 3, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    weight = torch.tensor([[1.0, 0.0], [0.5, 1.0]], dtype=torch.float64)
    assert gradcheck(lambda found: heatmap_cross_entropy(found, target, weight), (logits.requires_grad_(),))


def test_soft_dice_and_l1_by_hand():
    # p = (1, 0.5, 0), t = (1, 0, 1): common 1, squares 1.25 + 2: dice 2 / 3.25. L1 (0 + 0.5 + 1) / 3 = 0.5.
    predicted, target = torch.tensor([[[1.0, 0.5, 0.0]]]), torch.tensor([[[1.0, 0.0, 1.0]]])
    dice, one = 1 - 2 / 3.25, torch.ones(1)
    assert soft_dice_loss(predicted, target, one) == pytest.approx(dice, abs=1e-5)
    assert l1_mask_loss(predicted, target, one) == pytest.approx(0.5)
    assert skeleton_mask_loss(predicted, target, one) == pytest.approx(0.4 * 0.5 + 0.6 * dice, abs=1e-5)


def test_places_by_hand():
    predicted, target = torch.tensor([[[3.0, 4.0], [9.0, 9.0]]]), torch.tensor([[[0.0, 0.0], [9.0, 8.0]]])
    weight = torch.tensor([[1.0, 3.0]])
    assert squared_error(predicted, target, weight) == pytest.approx((12.5 + 3 * 0.5) / 4)
    assert distance_error(predicted, target, weight) == pytest.approx((5 + 3) / 4)


def test_distance_has_a_gradient_where_it_is_zero():
    exact = torch.zeros(1, 1, 2, requires_grad=True)
    distance_error(exact, torch.zeros(1, 1, 2), torch.ones(1, 1)).backward()
    assert (exact.grad == 0).all()


def test_peaked_gaussian_by_hand():
    # The centre of cell (2, 1) of 4 x 8: fractions (2.5 / 8, 1.5 / 4).
    keypoints = torch.tensor([[[2.5 / 8, 1.5 / 4], [0.5, 0.5]]])
    found = peaked_gaussian(keypoints, 4, 8, 2.0, torch.tensor([[1.0, 0.0]]))
    assert found.shape == (1, 2, 4, 8)
    assert found[0, 0, 1, 2] == 1
    assert found[0, 0, 1, 4] == pytest.approx(math.exp(-0.5))
    assert found[0, 0, 3, 5] == pytest.approx(math.exp(-(9 + 4) / 8))
    assert (found[0, 1] == 0).all()
