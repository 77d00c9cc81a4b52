"""The network of He et al. 2021: two hourglasses, residual feature network, deeper perceptron."""

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.he import REACH, DepthPerceptron, HePose, ResidualFeatureNet, unprojected
from hand_pose_ros.networks.hourglass import Hourglass, Residual, StackedHourglass
from hand_pose_ros.networks.onnx_export import export
from hand_pose_ros.networks.peaks import peaks


def published(kind, *arguments):
    """A network of the published size, without the memory and time of its weights."""
    with torch.device("meta"):
        return kind(*arguments)


def test_two_stacks_of_heatmaps_and_features():
    network = published(StackedHourglass)
    heatmaps, features = network(torch.zeros(2, 3, 256, 256, device="meta"))
    assert [tuple(found.shape) for found in heatmaps] == [(2, 21, 64, 64)] * 2
    assert [tuple(found.shape) for found in features] == [(2, 256, 64, 64)] * 2
    stem = [tuple(shape) for shape in stem_shapes(network)]
    assert stem == [(64, 128, 128), (128, 128, 128), (128, 64, 64), (128, 64, 64), (256, 64, 64)]


def stem_shapes(network):
    value = torch.zeros(1, 3, 256, 256, device="meta")
    for child in network.stem:
        value = child(value)
        if isinstance(child, (torch.nn.Conv2d, Residual, torch.nn.MaxPool2d)):
            yield value.shape[1:]


def test_an_hourglass_goes_down_four_levels():
    found = []
    glass = Hourglass(16)
    for module in glass.modules():
        if isinstance(module, Hourglass):
            module.register_forward_hook(
                lambda _, inputs, output: found.append((inputs[0].shape[-1], output.shape[-1]))
            )
    glass(torch.zeros(1, 16, 64, 64))
    assert found == [(8, 8), (16, 16), (32, 32), (64, 64)]


def test_residual_bottleneck_and_published_size():
    sizes = [
        (m.in_channels, m.out_channels, m.kernel_size[0])
        for m in published(Residual, 256, 256).layers
        if hasattr(m, "stride")
    ]
    assert sizes == [(256, 128, 1), (128, 128, 3), (128, 256, 1)]


def test_residual_feature_network_gives_4096():
    network = published(ResidualFeatureNet)
    maps = [torch.zeros(1, 21, 64, 64, device="meta")] * 2
    features = [torch.zeros(1, 256, 64, 64, device="meta")] * 2
    assert network(maps, features).shape == (1, 4096)
    assert network.outputs == 4096
    assert sum(isinstance(module, Residual) for module in network.modules()) == 8


def test_perceptron_is_the_deeper_one():
    network = published(DepthPerceptron)
    linear = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(4096, 1024), (1024, 256), (256, 20)]
    normalised = [module.num_features for module in network.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    assert normalised == [4096, 1024, 256]
    assert [module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)] == [0.3, 0.4, 0.5]


def test_unprojection_undoes_a_camera():
    generator = np.random.default_rng(0)
    joints = torch.from_numpy(generator.normal(0, 0.5, (4, 21, 3)))
    joints = joints - joints[:, 9:10]
    distance, focal, centre = 6.0, 2.5, torch.tensor([[0.5, 0.4]], dtype=torch.float64).repeat(4, 1)
    root = torch.tensor([0.2, -0.1, distance])
    seen = joints + root
    keypoints = focal * seen[..., :2] / seen[..., 2:] + centre[:, None]
    size, closeness = (torch.full((4,), value, dtype=torch.float64) for value in (focal / distance, 1 / distance))
    depth = joints[..., 2] - joints[:, :1, 2]
    torch.testing.assert_close(unprojected(keypoints, depth, size, closeness, centre), joints)


@pytest.mark.parametrize(("size", "sigma"), [(64, 2.0), (32, 1.75)])  # as published, and of he_small
def test_places_are_read_off_the_true_heatmaps_to_three_thousandths(size, sigma):
    places = 0.1 + 0.8 * torch.rand(50, 21, 2, generator=torch.Generator().manual_seed(0))
    cells = torch.arange(size) + 0.5
    across, down = (torch.exp(-0.5 * ((cells - places[..., axis, None] * size) / sigma) ** 2) for axis in (0, 1))
    maps = down[..., :, None] * across[..., None, :]
    assert (peaks(maps, REACH)[0] - places).norm(dim=2).mean() < 0.003
    assert (peaks(maps)[0] - places).norm(dim=2).mean() > 0.003  # the reach of the others, for narrower Gaussians


def test_contract_and_normalised_joints():
    output = HePose(16, 64).eval()(torch.rand(2, 3, 64, 64))
    check_outputs("pose", output, 2)
    assert torch.equal(output["relative_depth"][:, 0], torch.zeros(2))
    torch.testing.assert_close(output["joints"][:, 9], torch.zeros(2, 3))


def test_onnx_agrees_with_torch(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    network = HePose(16, 64).eval()
    export(network, torch.rand(1, 3, 64, 64), tmp_path / "network.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "network.onnx"))
    images = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        expected = network(images)
    for output, value in zip(session.get_outputs(), session.run(None, {"inputs": images.numpy()}), strict=True):
        np.testing.assert_allclose(value, expected[output.name].numpy(), atol=1e-4, err_msg=output.name)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="input_size 100"):
        HePose(input_size=100)
