"""The keypoint network: contract, geometry of its heatmaps, export."""

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.hand_pose import SIZES, HandPoseNetwork, score
from hand_pose_ros.networks.heatmaps import cell_centres, certainty, mean_place, probabilities
from hand_pose_ros.networks.onnx_export import export


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return HandPoseNetwork("s").eval()


@pytest.mark.parametrize("size", sorted(SIZES))
def test_both_sizes_keep_the_contract_and_stay_small(size):
    network = HandPoseNetwork(size).eval()
    images = torch.rand(2, 3, network.input_size, network.input_size)
    with torch.no_grad():
        check_outputs("pose", network(images), 2)
    megabytes = sum(value.numel() for value in network.state_dict().values()) * 2 / 1e6
    assert megabytes < {"s": 6.0, "b": 16.0}[size]


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match=r"'m'.*one of s, b"):
        HandPoseNetwork("m")


def test_training_mode_adds_logits_of_matching_sizes(network):
    network.train()
    output = network(torch.rand(2, 3, 128, 128))
    network.eval()
    assert output["heatmaps"].shape == (2, 21, 32, 32)
    assert output["coarse_heatmaps"].shape == (2, 21, 16, 16)
    assert output["skeleton"].shape == (2, 32, 32)
    torch.testing.assert_close(output["presence_logit"].sigmoid(), output["presence"])
    assert "heatmaps" not in network(torch.rand(1, 3, 128, 128))


def test_other_crop_sizes_are_taken(network):
    with torch.no_grad():
        assert network(torch.rand(1, 3, 96, 96))["keypoints"].shape == (1, 21, 2)


def test_a_peak_in_a_cell_is_a_keypoint_at_its_centre():
    logits = torch.full((1, 1, 4, 8), -50.0)
    logits[0, 0, 1, 6] = 50.0
    place = mean_place(probabilities(logits), cell_centres(4, 8))
    torch.testing.assert_close(place[0, 0], torch.tensor([6.5 / 8, 1.5 / 4]))


def test_certainty_is_the_logarithm_of_spread_and_peak():
    centres = cell_centres(1, 2)  # x at 0.25 and 0.75
    distribution = torch.tensor([[[0.5, 0.5]]])
    said = certainty(distribution, centres, mean_place(distribution, centres))
    torch.testing.assert_close(said[0, 0].exp(), torch.tensor([0.25, 0.5]))


def test_depth_is_counted_from_the_middle_mcp(network):
    with torch.no_grad():
        depth = network(torch.rand(3, 3, 128, 128))["depth"]
    assert torch.equal(depth[:, 9], torch.zeros(3))


def test_the_score_is_the_share_of_normal_errors_within_a_tenth_of_the_hand():
    keypoints = torch.rand(1, 21, 2, generator=torch.Generator().manual_seed(1))
    extent = float((keypoints.amax(1) - keypoints.amin(1)).max())
    stddev = torch.full((1, 21), 0.05)
    errors = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(2)) * 0.05
    measured = float((errors.norm(dim=1) <= 0.1 * extent).float().mean())
    assert float(score(keypoints, stddev)[0, 3]) == pytest.approx(measured, abs=0.01)


def test_deviations_teach_nothing_to_the_keypoints(network):
    network.train()
    network.zero_grad()
    network(torch.rand(2, 3, 64, 64))["keypoint_stddev"].sum().backward()
    network.eval()
    taught = {name for name, value in network.named_parameters() if value.grad is not None and value.grad.any()}
    network.zero_grad()
    assert taught
    assert all(name.startswith("whole.spread.") for name in taught)


def test_the_exported_network_says_the_same_for_any_batch(network, tmp_path):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    export(network, torch.zeros(1, 3, 128, 128), tmp_path / "pose.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "pose.onnx", providers=["CPUExecutionProvider"])
    images = torch.rand(3, 3, 128, 128)
    with torch.no_grad():
        expected = network(images)
    for name, value in zip(expected, session.run(list(expected), {"inputs": images.numpy()}), strict=True):
        np.testing.assert_allclose(value, expected[name].numpy(), atol=1e-4)
