"""Kourbane & Genc's networks: U-Net, five scales, the rows of their Table II."""

import pytest
import torch

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.kourbane import SCALE_WEIGHTS, VARIANTS, KourbanePose, SkeletonLocaliser, averaged
from hand_pose_ros.networks.unet import UNet

SMALL = {"size": 64, "width": 0.125}


def test_unet_as_published():
    network = UNet(3, 1)
    assert [block[0][0].out_channels for block in network.down] == [64, 128, 256, 512, 1024]
    assert [(block[0][0].in_channels, block[0][0].out_channels) for block in network.up] == [
        (1024, 512), (512, 256), (256, 128), (128, 64),
    ]  # fmt: skip
    logits, bottleneck = network.eval()(torch.rand(1, 3, 64, 64))
    assert (logits.shape, bottleneck.shape) == ((1, 1, 64, 64), (1, 1024, 4, 4))


def test_five_scales_as_published():
    network = KourbanePose(width=0.25)
    outputs = network(torch.rand(2, 3, 128, 128))
    assert [tuple(maps.shape) for maps in outputs["heatmap_logits"]] == [(2, 21, s, s) for s in (128, 64, 32, 64, 128)]
    assert outputs["skeleton"].shape == (2, 128, 128)
    assert SCALE_WEIGHTS == (1.0, 0.5, 0.25, 0.5, 1.0)
    assert network.heatmaps.enter[0][0].in_channels == 4  # image and skeleton
    assert len(network.heatmaps.down) == len(network.heatmaps.up) == 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_row_of_table_ii_keeps_the_contract(variant):
    network = KourbanePose(**SMALL, variant=variant)
    images = torch.rand(2, 3, 64, 64)
    outputs = network(images)
    assert len(outputs["heatmap_logits"]) == (1 if variant == "single_scale" else 5)
    assert ("skeleton" in outputs) == (variant == "skeleton")
    check_outputs("pose", network.eval()(images), 2)
    check_outputs("localiser", SkeletonLocaliser(**SMALL).eval()(images), 2)


def test_the_segmentation_learns_from_its_own_loss_alone():
    network = KourbanePose(**SMALL)
    outputs = network(torch.rand(2, 3, 64, 64))
    sum(maps.sum() for maps in outputs["heatmap_logits"]).backward(retain_graph=True)
    assert all(parameter.grad is None for parameter in network.segmentation.parameters())
    outputs["skeleton"].sum().backward()
    assert all(parameter.grad is not None for parameter in network.segmentation.parameters())


def test_weighted_average_by_hand():
    maps = [torch.full((1, 21, size, size), value) for size, value in zip((8, 4, 2, 4, 8), (0.1, 0.2, 0.4, 0.6, 1.0))]  # noqa: B905
    # (0.1 + 0.2 / 2 + 0.4 / 4 + 0.6 / 2 + 1.0) / 3.25
    assert averaged(maps).allclose(torch.full((1, 21, 8, 8), 1.6 / 3.25))
    assert averaged(maps[:1]).equal(maps[0])


def test_presence_passes_a_half_at_the_threshold_of_the_count():
    network = KourbanePose(**SMALL, foreground=0.01)
    skeleton = torch.zeros(3, 100, 100)
    skeleton[1, :10, :10] = 0.9
    skeleton[2, :20, :10] = 0.9
    skeleton[:, 50:, :] = 0.4  # below the threshold of a foreground pixel
    assert network._presence(skeleton).tolist() == pytest.approx([0, 0.5, 2 / 3])


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="variant is 'three'"):
        KourbanePose(variant="three")
    with pytest.raises(ValueError, match="multiple of 16"):
        SkeletonLocaliser(size=100)
