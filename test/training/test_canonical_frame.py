"""The canonical frame of Zimmermann & Brox 2017, equations 1 to 7."""

import pytest
import torch

from hand_pose_ros.training.canonical_frame import from_canonical, index_length, relative, to_canonical, viewpoint


def hands(count=64, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 21, 3, generator=generator, dtype=dtype)


@pytest.mark.parametrize("side", [0.0, 1.0])
def test_round_trip(side):
    joints, right = relative(hands()), torch.full((64,), side)
    canonical, rotation = to_canonical(joints, right)
    scale = joints.abs().amax((1, 2), keepdim=True).clamp_min(1.0)
    assert ((from_canonical(canonical, rotation, right) - joints) / scale).abs().max() < 1e-5


def test_equations_1_and_2():
    joints = relative(hands())
    assert torch.equal(joints[:, 0], torch.zeros(64, 3))
    torch.testing.assert_close((joints[:, 6] - joints[:, 5]).norm(dim=1), torch.ones(64))


def test_equations_5_and_6():
    joints = relative(hands(dtype=torch.float64))
    canonical, rotation = to_canonical(joints, torch.zeros(64))
    middle, little = canonical[:, 9], canonical[:, 17]
    zero = torch.zeros(64, dtype=torch.float64)
    torch.testing.assert_close(middle, torch.stack([zero, joints[:, 9].norm(dim=1), zero], 1))
    torch.testing.assert_close(little[:, 2], zero)
    assert (little[:, 0] > 0).all()
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(64, dtype=torch.float64))
    torch.testing.assert_close(rotation @ rotation.transpose(1, 2), torch.eye(3, dtype=torch.float64).repeat(64, 1, 1))


def test_mirrored_hands_of_both_sides_have_the_same_canonical_pose():
    left = relative(hands())
    right = left * torch.tensor([-1.0, 1.0, 1.0])
    first, _ = to_canonical(left, torch.zeros(64))
    second, _ = to_canonical(right, torch.ones(64))
    torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)


def test_the_pose_does_not_depend_on_the_view():
    from scipy.spatial.transform import Rotation

    turn = torch.from_numpy(Rotation.random(64, random_state=1).as_matrix())
    joints, right = relative(hands(dtype=torch.float64)), torch.ones(64)
    turned = joints @ turn.transpose(1, 2)
    canonical, rotation = to_canonical(joints, right)
    again, rotation_again = to_canonical(turned, right)
    torch.testing.assert_close(canonical, again)
    torch.testing.assert_close(rotation_again @ turn, rotation)


def degenerate():
    """Everything at one place; no palm; all in line, along three directions; little finger in line with the palm."""
    line = torch.arange(21.0)[None, :, None]
    joints = hands(1).repeat(7, 1, 1)
    joints[0] = 0.0
    joints[1, [0, 9]] = 1.0
    for row, direction in ((2, (1.0, 0.0, 0.0)), (3, (0.0, 1.0, 0.0)), (4, (0.6, -0.48, 0.64))):
        joints[row] = line[0] * torch.tensor(direction)
    joints[5, 17] = joints[5, 0] - 2.0 * (joints[5, 9] - joints[5, 0])
    joints[6, 6] = joints[6, 5]  # an index bone of no length
    return joints


@pytest.mark.parametrize("side", [0.0, 1.0])
def test_degenerate_hands_have_a_rotation_a_round_trip_and_finite_gradients(side):
    joints, right = degenerate().requires_grad_(), torch.full((7,), side)
    small = joints - joints[:, :1]
    canonical, rotation = to_canonical(small, right)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(7), atol=1e-4, rtol=0)
    torch.testing.assert_close(rotation @ rotation.transpose(1, 2), torch.eye(3).repeat(7, 1, 1), atol=1e-5, rtol=0)
    torch.testing.assert_close(from_canonical(canonical, rotation, right), small, atol=2e-5, rtol=1e-5)
    (canonical.sum() + rotation[:, 0].sum() + relative(joints)[:6].square().mean()).backward()
    assert torch.isfinite(joints.grad).all()


def test_a_hand_of_no_size_is_not_divided_by_zero():
    joints = torch.zeros(1, 21, 3, requires_grad=True)
    assert index_length(joints).item() > 0
    relative(joints).sum().backward()
    assert torch.isfinite(joints.grad).all()


def test_gradients_of_the_viewpoint():
    joints = relative(hands(2, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(viewpoint, joints)
