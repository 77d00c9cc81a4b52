"""Chernytska's network: the shapes of her Figures 3.4 and 3.5, her four variants, torchvision's names."""

import pytest
import torch

from hand_pose_ros.hand import BONES
from hand_pose_ros.networks.bone_tree import PARENTS, BoneTree
from hand_pose_ros.networks.chernytska import ChernytskaPose
from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.paper_parts import mass_centres
from hand_pose_ros.networks.resnet34_encoder import ResNet34Encoder

SMALL = {"size": 32, "width": 0.125}


def shapes_inside(network, images):
    """Output shape of every module on one pass, by name."""
    found, hooks = {}, []
    for name, module in network.named_modules():

        def keep(_, __, output, name=name):
            if isinstance(output, torch.Tensor):
                found[name] = tuple(output.shape[1:])

        hooks.append(module.register_forward_hook(keep))
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    return found


def test_shapes_as_published():
    network = ChernytskaPose().eval()
    found = shapes_inside(network, torch.rand(1, 3, 128, 128))
    # Figure 3.4: encoder.
    assert found["encoder.bn1"] == (64, 64, 64)
    assert [found[f"encoder.layer{n}"] for n in (1, 2, 3, 4)] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4),
    ]  # fmt: skip
    # Up-sampling blocks with skips.
    assert [found[f"rises.{n}"] for n in range(4)] == [(256, 8, 8), (128, 16, 16), (64, 32, 32), (64, 64, 64)]
    inputs = [block.convolutions[0].in_channels for block in network.rises]
    assert inputs == [512 + 256, 256 + 128, 128 + 64, 64 + 64]
    # Figure 3.5: 2D regressor, convolution block, 3D regressor.
    assert found["regressor_2d"] == (21, 128, 128)
    assert found["heatmap_block"] == (64, 32, 32)
    assert found["block_3d"] == (32, 32, 32)
    assert [layer.in_features for layer in network.regressor_3d if hasattr(layer, "in_features")] == [32**3, 200]
    assert found["regressor_3d"] == (63,)
    assert ChernytskaPose(width=0.25, pose="tree").regressor_3d[-1].out_features == 60


def test_state_dict_of_the_encoder_is_torchvisions_resnet34():
    state = {name: tuple(value.shape) for name, value in ResNet34Encoder().state_dict().items()}
    # torchvision 0.20, resnet34().state_dict(): 218 tensors, of which fc.weight and fc.bias are the classifier.
    assert len(state) == 216
    assert sum(name.endswith(("conv1.weight", "conv2.weight", "downsample.0.weight")) for name in state) == 36
    assert state["conv1.weight"] == (64, 3, 7, 7)
    assert state["bn1.num_batches_tracked"] == ()
    assert state["layer1.2.conv2.weight"] == (64, 64, 3, 3)
    assert state["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert state["layer2.0.downsample.1.running_var"] == (128,)
    assert state["layer3.5.bn2.bias"] == (256,)
    assert state["layer4.0.conv1.weight"] == (512, 256, 3, 3)
    assert not any(name.startswith("layer1.0.downsample") for name in state)
    trainable = sum(parameter.numel() for parameter in ResNet34Encoder().parameters())
    assert trainable == 21_797_672 - 512 * 1000 - 1000  # torchvision's count without its classifier


@pytest.mark.parametrize("heatmaps", ["direct", "latent"])
@pytest.mark.parametrize("pose", ["vector", "tree"])
def test_every_variant_keeps_the_contract_and_learns_everywhere(heatmaps, pose):
    network = ChernytskaPose(**SMALL, heatmaps=heatmaps, pose=pose)
    images = torch.rand(2, 3, 32, 32)
    outputs = network(images)
    check_outputs("pose", outputs, 2)
    assert outputs["heatmaps"].shape == (2, 21, 32, 32)
    assert ("keypoint_score" in outputs) == (heatmaps == "direct")
    assert (outputs["keypoints"] > 0).all()
    assert (outputs["keypoints"] < 1).all()
    if heatmaps == "latent":
        assert outputs["heatmaps"].sum(dim=(2, 3)).allclose(torch.ones(2, 21), atol=1e-4)
    if pose == "tree":
        assert outputs["joints"][:, 9].abs().max() < 1e-6
    sum(outputs[name].square().sum() for name in ("keypoints", "joints", "presence_logit")).backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []
    check_outputs("pose", network.eval()(images), 2)
    assert "heatmaps" not in network(images)


def test_latent_heatmaps_are_shown_to_the_3d_part_as_distributions():
    # As in her model2: the 3D regressor sees the softmax's result.
    network = ChernytskaPose(**SMALL, heatmaps="latent")
    seen = []
    network.heatmap_block.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    network(torch.rand(2, 3, 32, 32))
    assert seen[0].sum(dim=(2, 3)).allclose(torch.ones(2, 21), atol=1e-4)


def test_normalisation_in_the_decoder_is_an_addition():
    names, normed = ({n for n, _ in ChernytskaPose(**SMALL, norm=norm).named_modules()} for norm in (False, True))
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in ChernytskaPose(**SMALL).rises.modules())
    kinds = [type(part) for part in ChernytskaPose(**SMALL, norm=True).rises[0].convolutions]
    assert kinds == [torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.ReLU] * 2
    assert len(normed) == len(names) + 8 + 1 + 2 + 2  # one per convolution but the last in 2D


def test_a_faint_ground_does_not_move_the_centre_above_the_floor():
    network, plain = (ChernytskaPose(**SMALL, floor=floor) for floor in (0.1, 0.0))
    maps = torch.full((1, 21, 32, 32), 0.02)
    maps[:, :, 4, 8] = 0.9
    # 0.9 at (8.5, 4.5) / 32 against a ground of 1023 x 0.02 about the middle.
    assert mass_centres(plain._above_floor(maps))[0, 0].tolist() == pytest.approx([0.49, 0.485], abs=0.005)
    assert mass_centres(network._above_floor(maps))[0, 0].tolist() == pytest.approx([8.5 / 32, 4.5 / 32])


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="floor is 1"):
        ChernytskaPose(floor=1.0)
    with pytest.raises(ValueError, match="'sparse' is no variant"):
        ChernytskaPose(heatmaps="sparse")
    with pytest.raises(ValueError, match="multiple of 32"):
        ChernytskaPose(size=100)


def test_bones_to_joints_by_hand_and_back():
    assert tuple(zip(PARENTS, range(1, 21), strict=True)) == BONES
    joints = torch.rand(3, 21, 3, dtype=torch.float64)
    tree = BoneTree()
    bones = tree.bones(joints)
    assert bones[0, 8].allclose(joints[0, 9] - joints[0, 0])  # wrist to middle MCP
    assert bones[0, 15].allclose(joints[0, 16] - joints[0, 15])
    assert tree(bones).allclose(joints - joints[:, 9:10])
    lone = torch.zeros(1, 20, 3)
    lone[0, 8] = torch.tensor([0.0, -1.0, 0.0])  # only wrist to middle MCP: all but that finger stay at the wrist
    found = tree(lone)[0]
    assert found[[0, 4, 8, 20]].tolist() == [[0, 1, 0]] * 4
    assert found[[9, 12]].tolist() == [[0, 0, 0]] * 2
    assert torch.autograd.gradcheck(tree, (torch.rand(1, 20, 3, dtype=torch.float64, requires_grad=True),))


def test_mass_centres_by_hand():
    maps = torch.zeros(1, 2, 4, 8)
    maps[0, 0, 1, 2], maps[0, 0, 3, 2], maps[0, 1] = 3.0, 1.0, 0.5
    assert mass_centres(maps)[0].tolist() == [[2.5 / 8, (3 * 1.5 + 3.5) / 16], [0.5, 0.5]]
    assert torch.isfinite(mass_centres(torch.zeros(1, 1, 4, 4))).all()
