"""Shin et al.'s networks: boxes, normalised heatmaps, both ways of handling sides."""

import pytest
import torch

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.shin import SIDES, ShinLocaliser, ShinPose, normalised, unmirrored

SMALL = {"size": 64, "width": 0.25}


@pytest.mark.parametrize("sides", SIDES)
def test_pose_keeps_the_contract_and_learns_everywhere(sides):
    network = ShinPose(**SMALL, sides=sides)
    images = torch.rand(3, 3, 64, 64)
    outputs = network(images)
    check_outputs("pose", outputs, 3)
    assert outputs["heatmaps"].shape == (3, 21, 16, 16)
    assert outputs["joints"].shape == (3, 21, 3)
    terms = ("keypoints", "joints", "presence_logit", "right_logit")
    sum(outputs[name].square().sum() for name in terms).backward()
    unused = {name for name, value in network.named_parameters() if value.grad is None}
    assert unused == set()
    check_outputs("pose", network.eval()(images), 3)


def test_heatmaps_are_positive_and_sum_to_one():
    maps = normalised(torch.randn(2, 21, 8, 8) * 5)
    assert (maps >= 0).all()
    assert maps.sum(dim=(2, 3)).allclose(torch.ones(2, 21))
    ratio = normalised(torch.tensor([[[[0.0, 1.0]]]]))[0, 0, 0]
    assert ratio[1] / ratio[0] == pytest.approx(2.718281828)


def test_3d_does_not_move_the_2d_answer():
    network = ShinPose(**SMALL)
    network(torch.rand(2, 3, 64, 64))["joints"].sum().backward()
    assert network.heatmaps.weight.grad is None
    assert network.stem[0][0].weight.grad is not None  # it does shape the features


def test_a_left_hand_is_seen_mirrored_and_answered_back():
    network = ShinPose(**SMALL, sides="classifier").eval()
    images = torch.rand(2, 3, 64, 64)
    both = torch.cat([images, images.flip(3)])
    outputs = network(both, right=torch.tensor([1.0, 1.0, 0.0, 0.0]))
    right, left = ({name: value[rows] for name, value in outputs.items()} for rows in (slice(2), slice(2, 4)))
    torch.testing.assert_close(left["keypoints"], unmirrored(right, torch.ones(2) > 0)["keypoints"])
    torch.testing.assert_close(left["joints"] * torch.tensor([-1.0, 1.0, 1.0]), right["joints"])
    assert not left["keypoints"].allclose(right["keypoints"], atol=1e-4)
    # Without a known side the classifier decides.
    network.classifier.leave.bias.data.fill_(50.0)
    torch.testing.assert_close(network(images)["keypoints"], right["keypoints"])
    network.classifier.leave.bias.data.fill_(-50.0)
    torch.testing.assert_close(network(images.flip(3))["keypoints"], left["keypoints"])


def test_boxes_lie_at_their_cells_and_axes_point_up():
    network = ShinLocaliser(size=64, width=0.25).eval()
    found = network(torch.rand(2, 3, 64, 64))
    check_outputs("localiser", found, 2)
    assert found["score"].shape == (2, 16)
    last = network.layers[-1]
    last.weight.data.zero_()
    last.bias.data = torch.tensor([0.0, 0.5, -0.5, 0.0, torch.tensor(2.0).log()])
    found = network(torch.rand(1, 3, 64, 64))
    # Cell (row 1, column 2) of 4 x 4, moved half a cell to the right and up; 0.2 wide, 0.4 high.
    assert found["score"][0, 6] == 0.5
    assert found["box"][0, 6].tolist() == pytest.approx([2.5 / 4 + 0.125, 1.5 / 4 - 0.125, 0.2, 0.4])
    assert found["axis"][0, 6].flatten().tolist() == pytest.approx([0.75, 0.45, 0.75, 0.05])
    assert "score_logit" in network.train()(torch.rand(2, 3, 64, 64))


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="sides is 'both'"):
        ShinPose(sides="both")
    for network in (ShinPose, ShinLocaliser):
        with pytest.raises(ValueError, match="size is 100"):
            network(size=100)
