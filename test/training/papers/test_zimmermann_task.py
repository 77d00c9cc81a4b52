"""Tasks of Zimmermann & Brox 2017: score maps by hand, which part learns when, what nobody labelled."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hand_pose_ros.networks.bone_chain import chain_of_joints
from hand_pose_ros.networks.hand_seg_net import HandSegNet
from hand_pose_ros.networks.nearest_neighbour import NearestNeighbourLifting
from hand_pose_ros.networks.pose_prior_net import PosePriorNet, lifting_network
from hand_pose_ros.networks.zimmermann import ZimmermannPose
from hand_pose_ros.training.canonical_frame import relative, to_canonical
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.losses.peaked_heatmaps import peaked_gaussian
from hand_pose_ros.training.papers.hand_seg_task import HandSegTask, hand_pixels
from hand_pose_ros.training.papers.label_store import LabelStore
from hand_pose_ros.training.papers.lifting_loss import lifting_losses
from hand_pose_ros.training.papers.lifting_task import LiftingTask
from hand_pose_ros.training.papers.mosaic import mosaic
from hand_pose_ros.training.papers.zimmermann_task import ScoreMapSettings, ZimmermannTask, score_maps
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.data import Stores

CONFIGS = Path(__file__).parents[3] / "config" / "training"
SIZE = 64


def hands(count=4, seed=0):
    """Random hands, the last one absent."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(count, *shape, generator=generator)

    joints = random(21, 3) - 0.5
    joints = joints - joints[:, 9:10]
    present = torch.ones(count)
    present[-1] = 0.0
    known = present[:, None].repeat(1, 21)
    return HandBatch(
        images=random(3, SIZE, SIZE), keypoints=0.2 + 0.6 * random(21, 2), keypoint_weight=known.clone(),
        visible=known.clone(),
        joints=joints / joints[:, :1].norm(dim=2, keepdim=True) * known[..., None], joint_weight=known.clone(),
        root=torch.tensor([0.0, 0.0, 0.5]).repeat(count, 1), hand_scale=torch.full((count,), 0.1),
        camera=torch.tensor([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]]).repeat(count, 1, 1),
        right=torch.where(present > 0, (torch.arange(count) % 2).float(), torch.nan), present=present,
        segments=(random(SIZE, SIZE) * 18).to(torch.uint8), real=torch.zeros(count),
    )  # fmt: skip


def small(lifting="proposed"):
    return ZimmermannPose(0.0625, SIZE, True, True, lifting, 0.1)


def test_score_maps_by_hand():
    batch = hands(1)
    batch = replace(batch, present=torch.ones(1), keypoint_weight=torch.ones(1, 21), visible=torch.ones(1, 21))
    batch.keypoints[0, 3] = torch.tensor([5.5 / 32, 10.5 / 32])
    [maps] = score_maps(batch, 32, ScoreMapSettings(), noise=False)
    # Variance 25 in 256 pixels is 0.625 cells of 32: one cell aside exp(-0.5 / 0.625^2).
    assert maps[3, 10, 5].item() == pytest.approx(1.0)
    assert maps[3, 10, 6].item() == pytest.approx(torch.exp(torch.tensor(-0.5 / 0.625**2)).item(), abs=1e-5)


def test_hidden_unlabelled_and_absent_keypoints_have_maps_of_zeros():
    batch = hands()
    batch.visible[0, 4], batch.visible[0, 5], batch.keypoint_weight[1, 6] = 0.0, torch.nan, 0.0
    maps = score_maps(batch, 16, ScoreMapSettings())
    assert (maps[0, 4] == 0).all()
    assert (maps[0, 5] > 0).any()
    assert (maps[1, 6] == 0).all()
    assert (maps[3] == 0).all()
    assert (score_maps(batch, 16, ScoreMapSettings(hidden=True))[0, 4] > 0).any()


def test_noise_moves_the_maps_by_a_pixel_and_a_half():
    batch = hands(100)
    batch = replace(batch, visible=torch.ones(100, 21))
    wide = ScoreMapSettings(variance=400.0)
    axis = (torch.arange(64.0) + 0.5) / 64 * 256
    places = [
        (maps.sum(2) * axis).sum(2) / maps.sum((2, 3))
        for maps in (score_maps(batch, 64, wide)[:-1], score_maps(batch, 64, wide, noise=False)[:-1])
    ]
    assert (places[0] - places[1]).std().item() == pytest.approx(1.5, rel=0.1)


def test_terms_and_gradients():
    task = ZimmermannTask(small())
    losses = task.loss(task.network.train(), hands(), 0)
    assert set(losses) == {"loss", "maps", "presence", "side", "canonical", "viewpoint"}
    torch.testing.assert_close(losses["loss"], sum(value for name, value in losses.items() if name != "loss"))
    losses["loss"].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in task.network.parameters())


@pytest.mark.parametrize(("phase", "learns"), [("posenet_1", {"posenet", "heads"}), ("prior", {"prior"})])
def test_phases_train_one_part(phase, learns):
    task = ZimmermannTask(small())
    task.phase = phase
    task.loss(task.network.train(), hands(), 0)["loss"].backward()
    moved = {name.split(".")[0] for name, p in task.network.named_parameters() if p.grad is not None}
    assert moved == learns


def test_the_lifting_does_not_teach_the_maps():
    task = ZimmermannTask(small(), own=1.0)
    losses = task.loss(task.network.train(), hands(), 0)
    (losses["canonical"] + losses["viewpoint"]).backward()
    assert all(parameter.grad is None for parameter in task.network.posenet.parameters())


def test_a_batch_without_hands_or_labels_has_finite_losses():
    batch = hands()
    nothing = torch.zeros_like(batch.present)
    for changed in (
        replace(batch, present=nothing, keypoint_weight=nothing[:, None].repeat(1, 21), right=nothing * torch.nan),
        replace(batch, joint_weight=batch.joint_weight * 0, joints=batch.joints * 0, visible=batch.visible * torch.nan),
    ):
        task = ZimmermannTask(small())
        loss = task.loss(task.network.train(), changed, 0)["loss"]
        loss.backward()
        assert torch.isfinite(loss)
        assert all(torch.isfinite(p.grad).all() for p in task.network.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", ["proposed", "direct", "bottleneck", "local"])
def test_lifting_losses_are_zero_for_the_truth(name):
    batch = hands()
    joints = relative(torch.where(batch.present[:, None, None] > 0, batch.joints, torch.rand(21, 3)))
    canonical, rotation = to_canonical(joints, torch.nan_to_num(batch.right))
    said = {
        "proposed": {"canonical": canonical, "rotation": rotation}, "local": {"chain": chain_of_joints(joints)},
    }.get(name, {"joints": joints})  # fmt: skip
    terms = lifting_losses(said, batch)
    assert all(value.item() == pytest.approx(0.0, abs=1e-6) for value in terms.values())
    wrong = lifting_losses({key: value + 1.0 for key, value in said.items()}, batch)
    assert all(value.item() == pytest.approx(1.0, abs=1e-4) for value in wrong.values())
    assert set(lifting_network(name, 8, 0.1)(torch.rand(1, 21, 8, 8), torch.ones(1))) >= set(said)


def test_lifting_task_measures_millimetres_with_the_hands_true_size():
    task = LiftingTask(PosePriorNet(16, 0.1), map_size=16)
    task.loss(task.network, hands(), 0)["loss"].backward()
    batch, network = hands(), PosePriorNet(16, 0.1).eval()

    class Off(torch.nn.Module):
        """The truth, but every joint except wrist and middle MCP moved by a tenth of the hand scale."""

        def forward(self, maps, right):
            moved = batch.joints.clone()
            moved[:, [joint for joint in range(21) if joint not in (0, 9)], 1] += 0.1
            return {"joints": moved * 3.0 + 1.0}

    figures = task.validate(Off(), [batch])
    assert figures["error"] == pytest.approx(0.1 * 19 / 21, abs=1e-4)
    assert figures["median_mm"] == pytest.approx(0.1 * 0.1 * 1000, abs=1e-2)
    assert task.validate(network, [batch]) == task.validate(network, [batch])


def test_hand_pixels():
    segments = torch.tensor([[[0, 1, 16, 17], [18, 19, 32, UNKNOWN_SEGMENT]]], dtype=torch.uint8)
    hand, known = hand_pixels(segments)
    assert hand.int().tolist() == [[[0, 1, 1, 0], [0, 0, 1, 0]]]
    assert known.int().tolist() == [[[1, 1, 1, 1], [1, 1, 1, 0]]]


def test_hand_segmentation_learns_from_labelled_pixels_alone():
    task, batch = HandSegTask(HandSegNet(0.0625, SIZE), tiles=[1]), hands()
    task.network.train()
    batch.segments[:, : SIZE // 2] = UNKNOWN_SEGMENT
    loss = task.loss(task.network, batch, 0)["loss"]
    changed = replace(batch, segments=torch.where(batch.segments == UNKNOWN_SEGMENT, UNKNOWN_SEGMENT, batch.segments))
    torch.testing.assert_close(loss, task.loss(task.network, changed, 0)["loss"])
    unknown = replace(batch, segments=torch.full_like(batch.segments, UNKNOWN_SEGMENT))
    assert task.loss(task.network, unknown, 0)["loss"].item() == 0.0
    figures = task.validate(task.network.eval(), [hands()])
    assert 0.0 <= figures["iou"] <= 1.0


def test_mosaic_keeps_pixels_and_segments_together():
    images = torch.zeros(6, 3, 32, 32)
    images[..., 8:24, 8:24] = 1.0
    segments = (images[:, 0] * 5).to(torch.uint8)
    pictures, marks = mosaic(images, segments, 2)
    assert pictures.shape == images.shape
    # Shrunk by two, borders between the values aside, white is 5 and black is 0.
    assert ((marks == 5) == (pictures[:, 0] > 0.5)).float().mean() > 0.95
    assert mosaic(images, segments, 1)[0] is images


@pytest.mark.parametrize(
    "path",
    sorted(path for path in CONFIGS.glob("zimmermann*.yaml") if "gestures" not in path.stem),
    ids=lambda path: path.stem,
)
def test_configurations_train_a_step_and_validate(path):
    config = read_config(path)
    assert config.name == path.stem
    task = replace(config, network=config.network | LIGHT[config.network["class"]]).build_task()
    losses = task.loss(task.network.train(), hands(), 0)
    assert torch.isfinite(losses["loss"])
    with torch.no_grad():
        figures = task.validate(task.network.eval(), [hands()])
        assert task.best.lstrip("-") in figures
        if not isinstance(task, LiftingTask):
            [picture] = task.pictures(task.network, hands()).values()
            assert picture.dtype.name == "uint8"


LIGHT = {
    "zimmermann.ZimmermannPose": {"width": 0.0625, "input_size": SIZE, "lifting_width": 0.1},
    "hand_seg_net.HandSegNet": {"width": 0.0625, "input_size": SIZE},
    "pose_prior_net.PosePriorNet": {"width": 0.1}, "pose_prior_net.DirectLifting": {"width": 0.1},
    "pose_prior_net.LocalLifting": {"width": 0.1},
}  # fmt: skip


def test_label_store_gives_the_stores_labels_without_its_pictures(tmp_path, rendered_store):
    rendered_store(tmp_path)
    found, truth = LabelStore(tmp_path).hands, RenderedStore(tmp_path).rows([0, 1, 3])
    for name in ("keypoints", "joints", "camera", "root", "hand_scale", "right", "present", "visible"):
        torch.testing.assert_close(getattr(found, name), getattr(truth, name), atol=1e-5, rtol=1e-5)
    assert found.images.shape == (3, 3, 1, 1)
    source, continued = LabelStore(tmp_path, seed=1), LabelStore(tmp_path, seed=1)
    source.batch(5)
    continued.skip(5)
    torch.testing.assert_close(source.batch(8).joints, continued.batch(8).joints)


def test_lifting_task_trains_on_a_store_and_moves_its_crops(tmp_path, rendered_store):
    rendered_store(tmp_path / "train")
    task = LiftingTask(PosePriorNet(16, 0.1), map_size=16)
    source = task.source({"rendered": {"folder": "train"}}, 0, Stores(tmp_path))
    batch = source.batch(2000)
    moved = task.prepare(batch, True, torch.Generator().manual_seed(0)).keypoints
    spread = (moved - batch.keypoints).mean(1).std(0)
    assert ((spread > 9 / 256) & (spread < 15 / 256)).all()
    assert task.prepare(batch, False, torch.Generator()) is batch
    with pytest.raises(ValueError, match="live_renderer"):
        task.source({"rendered": {"kind": "live_renderer"}}, 0, Stores(tmp_path))


def test_nearest_neighbour_remembers_its_examples():
    keypoints, joints = torch.rand(6, 21, 2) * 0.8 + 0.1, torch.randn(6, 21, 3)
    keypoints[1] = keypoints[0]  # the same view of the other hand
    right = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    network = NearestNeighbourLifting(6)
    network.remember(keypoints * 0.5 + 0.2, right, joints)  # smaller, and elsewhere
    maps = peaked_gaussian(keypoints, 32, 32, 0.6)
    torch.testing.assert_close(network(maps, right)["joints"], joints)
    with pytest.raises(ValueError, match="5 examples"):
        network.remember(keypoints[:5], right[:5], joints[:5])
