"""Other forms of a lifter's answer."""

from __future__ import annotations

import pytest
import torch

from hand_pose_ros.networks.lifter_forms import CanonicalLifter, TreeLifter, VectorLifter
from hand_pose_ros.training.canonical_frame import from_canonical


@pytest.mark.parametrize("form", [VectorLifter, TreeLifter, CanonicalLifter])
def test_joints_are_about_the_middle_mcp(form):
    torch.manual_seed(0)
    network = form(32, 1)
    joints = network(torch.randn(5, 128))["joints"]
    assert joints.shape == (5, 21, 3)
    assert joints[:, 9].abs().max() < 1e-6
    assert network.example(2).shape == (2, 128)


def test_a_bone_of_the_tree_moves_what_hangs_on_it():
    torch.manual_seed(0)
    network, view = TreeLifter(32, 1), torch.randn(1, 128)
    before = network(view)["joints"]
    with torch.no_grad():
        network.leave[1].bias[3 * 5] += 1.0  # x of the bone from index MCP to PIP
    moved = (network(view)["joints"] - before)[0]
    assert torch.allclose(moved[6:9], torch.tensor([1.0, 0.0, 0.0]).expand(3, 3), atol=1e-5)
    assert moved[:6].abs().max() < 1e-5


def test_the_canonical_form_is_turned_back_as_equation_3_says():
    torch.manual_seed(0)
    output = CanonicalLifter(32, 1)(torch.randn(4, 128))
    wanted = from_canonical(output["canonical"], output["rotation"], torch.ones(4))
    wanted = wanted - wanted[:, 9:10]
    wanted = wanted / wanted[:, :1].norm(dim=2, keepdim=True)
    torch.testing.assert_close(output["joints"], wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(output["joints"][:, 0].norm(dim=1), torch.ones(4))
