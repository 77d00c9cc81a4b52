"""The networks of Zimmermann & Brox 2017 against the tables of their supplement."""

import itertools

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.axis_angle import rotation_matrix
from hand_pose_ros.networks.bone_chain import chain_of_joints, joints_of_chain
from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.gesture_net import GestureNet
from hand_pose_ros.networks.hand_seg_net import HandSegNet
from hand_pose_ros.networks.onnx_export import export
from hand_pose_ros.networks.peaks import peaks
from hand_pose_ros.networks.pose_net import PoseNet
from hand_pose_ros.networks.pose_prior_net import DirectLifting, PosePriorNet, lifting_network
from hand_pose_ros.networks.vgg_encoder import VGGEncoder
from hand_pose_ros.networks.zimmermann import ZimmermannPose

# Tables 4 and 5, layers 1 to 16: side and channels of what each layer puts out, for an input of 256 x 256.
ENCODER = [
    (256, 64), (256, 64), (128, 64), (128, 128), (128, 128), (64, 128), (64, 256), (64, 256), (64, 256), (64, 256),
    (32, 256), (32, 512), (32, 512), (32, 512), (32, 512), (32, 512),
]  # fmt: skip


def published(kind, *arguments):
    """A network of the published size, without the memory and time of its weights."""
    with torch.device("meta"):
        return kind(*arguments)


def shapes(module, *inputs):
    """Output shapes of a Sequential's children, in order, batch left out."""
    with torch.no_grad():
        value, found = inputs[0], []
        for child in module:
            value = child(value)
            found.append(tuple(value.shape[1:]))
    return found


def test_encoder_layers_equal_tables_4_and_5():
    encoder = published(VGGEncoder)
    expected = [(channels, side, side) for side, channels in ENCODER]
    assert shapes(encoder, torch.zeros(1, 3, 256, 256, device="meta")) == expected
    kernels = [child[0].kernel_size for child in encoder if isinstance(child, torch.nn.Sequential)]
    assert kernels == [(3, 3)] * 13


def test_hand_seg_net_equals_table_4():
    network = published(HandSegNet)
    assert network.score.kernel_size == (1, 1)
    scores = network.train()(torch.zeros(2, 3, 256, 256, device="meta"))["scores"]
    assert scores.shape == (2, 2, 256, 256)  # layer 18
    assert sum(p.numel() for p in network.parameters()) == encoder_parameters() + 512 * 2 + 2


def encoder_parameters() -> int:
    sizes = [3, 64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512]
    return sum(9 * a * b + b for a, b in itertools.pairwise(sizes))


def test_pose_net_equals_table_5():
    network = published(PoseNet)
    features, maps = network(torch.zeros(1, 3, 256, 256, device="meta"))
    assert features.shape == (1, 512, 32, 32)
    assert [tuple(found.shape) for found in maps] == [(1, 21, 32, 32)] * 3  # layers 17, 24, 31
    inputs = [[child[0].in_channels for child in stage[:5]] for stage in network.refinements]
    assert inputs == [[533, 128, 128, 128, 128], [554, 128, 128, 128, 128]]  # layers 18 and 25 join 16, 17 (and 24)
    for stage in network.refinements:
        assert [child[0].kernel_size for child in stage[:5]] == [(7, 7)] * 5
        assert stage[5].kernel_size == (1, 1)


def test_pose_prior_equals_table_6():
    network = published(PosePriorNet)
    maps, right = torch.zeros(2, 21, 32, 32, device="meta"), torch.zeros(2, device="meta")
    for stream, outputs in ((network.pose, 63), (network.viewpoint, 3)):
        found = shapes(stream.convolutions, maps)
        assert found == [(32, 32, 32), (32, 16, 16), (64, 16, 16), (64, 8, 8), (128, 8, 8), (128, 4, 4)]
        sizes = [
            (layer.in_features, layer.out_features) for layer in stream.perceptron if hasattr(layer, "in_features")
        ]
        assert sizes == [(128 * 4 * 4 + 2, 512), (512, 512), (512, outputs)]
        assert [layer.p for layer in stream.perceptron if isinstance(layer, torch.nn.Dropout)] == [0.2, 0.2]
    output = network(maps, right)
    assert {name: tuple(value.shape) for name, value in output.items()} == {
        "joints": (2, 21, 3), "canonical": (2, 21, 3), "rotation": (2, 3, 3),
    }  # fmt: skip


def test_gesture_net_equals_table_7():
    network = GestureNet()
    layers = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(63, 512), (512, 512), (512, 35)]
    assert network(torch.zeros(3, 21, 3)).shape == (3, 35)


def test_lifting_alternatives_of_table_2():
    maps, right = torch.rand(2, 21, 16, 16), torch.tensor([0.0, 1.0])
    for name in ("proposed", "direct", "bottleneck", "local"):
        joints = lifting_network(name, 16, 0.25)(maps, right)["joints"]
        assert joints.shape == (2, 21, 3)
        assert torch.equal(joints[:, 0], torch.zeros(2, 3)) or name == "proposed"
    narrow = [
        layer.out_features
        for layer in published(lifting_network, "bottleneck").pose.perceptron
        if hasattr(layer, "in_features")
    ]
    assert narrow == [512, 512, 30, 63]
    with pytest.raises(ValueError, match="nearest"):
        lifting_network("nearest")


def test_side_mirrors_the_canonical_pose():
    network, maps = PosePriorNet(16, 0.25).eval(), torch.rand(1, 21, 16, 16)
    for side, sign in ((0.0, 1.0), (1.0, -1.0)):
        output = network(maps, torch.tensor([side]))
        expected = output["canonical"][0] * torch.tensor([1.0, 1.0, sign]) @ output["rotation"][0]
        torch.testing.assert_close(output["joints"][0], expected)


def test_direct_lifting_counts_from_the_wrist():
    joints = DirectLifting(16, 0.25)(torch.rand(3, 21, 16, 16), torch.zeros(3))["joints"]
    assert torch.equal(joints[:, 0], torch.zeros(3, 3))


@pytest.mark.parametrize("axis_angle", [(0.3, -1.2, 2.0), (0.0, 0.0, 0.0), (1e-7, 0.0, 0.0), (np.pi, 0.0, 0.0)])
def test_rotation_matrix(axis_angle):
    from scipy.spatial.transform import Rotation

    found = rotation_matrix(torch.tensor([axis_angle], dtype=torch.float64))[0]
    np.testing.assert_allclose(found, Rotation.from_rotvec(axis_angle).as_matrix(), atol=1e-9)


def test_rotation_matrix_has_gradients_everywhere():
    given = torch.tensor([[0.4, -0.2, 1.0], [1e-3, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotation_matrix, given)
    still = torch.zeros(1, 3, requires_grad=True)
    rotation_matrix(still)[0, 1, 0].backward()
    torch.testing.assert_close(still.grad, torch.tensor([[0.0, 0.0, 1.0]]))


def test_bone_chain_round_trip():
    joints = torch.randn(50, 21, 3, dtype=torch.float64)
    joints = joints - joints[:, :1]
    chain = chain_of_joints(joints)
    torch.testing.assert_close(joints_of_chain(chain), joints, atol=1e-12, rtol=0)
    lengths = (joints[:, [5, 6]] - joints[:, [0, 5]]).norm(dim=2)
    torch.testing.assert_close(chain[:, [5, 6], 0], lengths)
    assert torch.equal(chain[:, 0], torch.zeros(50, 3, dtype=torch.float64))


def test_a_straight_finger_has_no_angles_but_the_first_bone():
    joints = torch.zeros(1, 21, 3)
    joints[0, 5:9] = torch.arange(1, 5)[:, None] * torch.tensor([0.0, -1.0, 0.0])  # up in the image
    chain = chain_of_joints(joints)[0, 5:9]
    torch.testing.assert_close(chain, torch.tensor([[1.0, np.pi / 2, 0.0]] + [[1.0, 0.0, 0.0]] * 3), atol=1e-6, rtol=0)


def test_bone_chain_of_degenerate_hands_has_finite_gradients():
    joints = torch.zeros(3, 21, 3)
    joints[1, :, 1] = torch.arange(21.0)
    joints[2, :, 2] = -torch.arange(21.0)
    joints.requires_grad_()
    chain_of_joints(joints).square().sum().backward()
    assert torch.isfinite(joints.grad).all()


def test_peaks_are_finer_than_cells():
    axis = torch.arange(16.0) + 0.5
    truth = torch.tensor([[[0.31, 0.52], [0.5, 0.5], [0.97, 0.03]]])
    square = (axis - truth[..., :1] * 16)[..., None, :] ** 2 + (axis - truth[..., 1:] * 16)[..., :, None] ** 2
    places, score = peaks(torch.exp(-0.5 * square / 0.7**2))
    assert (places - truth)[0, :2].abs().max() < 0.01 / 16
    assert (places - truth)[0, 2].abs().max() < 0.5 / 16  # beside the border half of the Gaussian is missing
    assert ((score > 0.3) & (score <= 1.0)).all()


def test_peaks_of_a_map_of_zeros_are_finite():
    maps = torch.zeros(1, 21, 8, 8, requires_grad=True)
    places, _ = peaks(maps)
    places.sum().backward()
    assert torch.isfinite(places).all()
    assert torch.isfinite(maps.grad).all()


@pytest.mark.parametrize("batch", [1, 3])
def test_contract(batch):
    check_outputs("pose", ZimmermannPose(0.0625, 64, lifting_width=0.1).eval()(torch.rand(batch, 3, 64, 64)), batch)
    check_outputs("localiser", HandSegNet(0.0625, 64).eval()(torch.rand(batch, 3, 64, 64)), batch)


def test_joints_are_normalised():
    joints = ZimmermannPose(0.0625, 64, lifting_width=0.1).eval()(torch.rand(2, 3, 64, 64))["joints"]
    torch.testing.assert_close(joints[:, 9], torch.zeros(2, 3))
    torch.testing.assert_close(joints[:, 0].norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("network", [ZimmermannPose(0.0625, 64, True, True, lifting_width=0.1), HandSegNet(0.0625, 64)])
def test_onnx_agrees_with_torch(network, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    network = network.eval()
    export(network, torch.rand(1, 3, 64, 64), tmp_path / "network.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "network.onnx"))
    images = torch.rand(3, 3, 64, 64)
    found = session.run(None, {"inputs": images.numpy()})
    with torch.no_grad():
        expected = network(images)
    assert [output.name for output in session.get_outputs()] == list(expected)
    for value, name in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, expected[name].numpy(), atol=1e-4, err_msg=name)


@pytest.mark.parametrize("make", [lambda: ZimmermannPose(input_size=100), lambda: HandSegNet(input_size=100)])
def test_sizes_that_do_not_fit_are_refused(make):
    with pytest.raises(ValueError, match="input_size is 100"):
        make()


def test_an_exported_file_is_stale_when_a_part_in_another_file_changes(monkeypatch):
    from hand_pose_ros.networks import onnx_export, vgg_encoder

    network, stage = HandSegNet(0.0625, 64), {"network": "hand_seg_net.HandSegNet"}
    before, read = onnx_export._key(network, stage), onnx_export.inspect.getsource
    changed = lambda module: read(module) + ("\n# changed" if module is vgg_encoder else "")  # noqa: E731
    monkeypatch.setattr(onnx_export.inspect, "getsource", changed)
    assert onnx_export._key(network, stage) != before
