"""Bone losses of He et al. 2021, by hand."""

import pytest
import torch

from hand_pose_ros.training.losses.bones import cosine_loss, direction_loss, length_loss

ONE = torch.ones(1, 21)


def hand(vectors=()):
    """Joints (1, 21, 3) of a hand whose bones are all (0, 1, 0), but for ``vectors`` {bone: vector}."""
    bones = torch.tensor([[0.0, 1.0, 0.0]]).repeat(20, 1)
    for bone, vector in dict(vectors).items():
        bones[bone] = torch.tensor(vector)
    return torch.cat([torch.zeros(1, 1, 3), bones.reshape(1, 5, 4, 3).cumsum(2).reshape(1, 20, 3)], 1)


def test_length_loss_by_hand():
    # Bone 3 is 2 too long, bone 19 is 0.5 too short; directions do not count.
    found = length_loss(hand({3: [0.0, 0.0, 3.0], 19: [0.5, 0.0, 0.0]}), hand(), ONE)
    assert found.item() == pytest.approx(2.5, abs=1e-5)


def test_direction_loss_by_hand():
    # A right angle between unit vectors is a distance of sqrt(2), the opposite one of 2, whatever the lengths.
    found = direction_loss(hand({3: [7.0, 0.0, 0.0], 19: [0.0, -0.3, 0.0]}), hand(), ONE)
    assert found.item() == pytest.approx(2**0.5 + 2.0, abs=1e-4)


def test_cosine_loss_by_hand():
    # Cosines 0, -1 and 18 times 1: 1 - 17 / 20.
    found = cosine_loss(hand({3: [7.0, 0.0, 0.0], 19: [0.0, -0.3, 0.0]}), hand(), ONE)
    assert found.item() == pytest.approx(1 - 17 / 20, abs=1e-5)


@pytest.mark.parametrize("loss", [length_loss, direction_loss, cosine_loss])
def test_unlabelled_joints_do_not_count_and_batches_are_means(loss):
    wrong = hand({8: [0.0, 0.0, 4.0]})  # the third finger's first bone: joints 9 to 12 move
    weight = torch.ones(1, 21)
    weight[0, 9] = 0.0
    assert loss(wrong, hand(), weight).item() == pytest.approx(0.0, abs=1e-6)
    twice = loss(wrong.repeat(2, 1, 1), hand().repeat(2, 1, 1), ONE.repeat(2, 1))
    torch.testing.assert_close(twice, loss(wrong, hand(), ONE))
    assert loss(wrong, hand(), torch.zeros(1, 21)).item() == 0.0


@pytest.mark.parametrize("loss", [length_loss, direction_loss, cosine_loss])
def test_gradients(loss):
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(2, 21, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    weight = torch.rand(2, 21, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda joints: loss(joints, second, weight), first.requires_grad_())


@pytest.mark.parametrize("loss", [length_loss, direction_loss, cosine_loss])
def test_hands_of_no_size_have_finite_gradients(loss):
    joints = torch.zeros(1, 21, 3, requires_grad=True)
    loss(joints, torch.zeros(1, 21, 3), ONE).backward()
    assert torch.isfinite(joints.grad).all()
