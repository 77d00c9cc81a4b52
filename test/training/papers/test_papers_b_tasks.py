"""Tasks of Chernytska, Kourbane & Genc and Shin et al.: configurations, terms, masks, phases, tiled pictures."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hand_pose_ros.networks.chernytska import ChernytskaPose
from hand_pose_ros.networks.kourbane import KourbanePose, SkeletonLocaliser
from hand_pose_ros.networks.paper_parts import mass_centres
from hand_pose_ros.networks.resnet34_encoder import ResNet34Encoder
from hand_pose_ros.networks.shin import ShinLocaliser, ShinPose
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.papers.chernytska_task import ChernytskaTask
from hand_pose_ros.training.papers.kourbane_task import KourbaneTask
from hand_pose_ros.training.papers.shin_localiser_task import ShinLocaliserTask, holders, place_error, score_error
from hand_pose_ros.training.papers.shin_task import ShinTask
from hand_pose_ros.training.papers.skeleton_task import SkeletonTask, skeleton_maps
from hand_pose_ros.training.papers.tiled_frames import tiled_frames
from hand_pose_ros.training.papers.torchvision_weights import load_encoder
from hand_pose_ros.training.skeleton_map import skeleton_map
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND, NOTHING
from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.optimiser import begin_phase, training_mode
from hand_pose_ros.training.trainer.schedule import Schedule

CONFIGS = Path(__file__).parents[3] / "config" / "training"
NAMES = ("chernytska", "kourbane", "shin")
SMALL = sorted(path for name in NAMES for path in CONFIGS.glob(f"{name}*_small.yaml"))


def batch(count=4, size=32, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(count, *shape, generator=generator)

    joints = random(21, 3) - 0.5
    joints = joints - joints[:, 9:10]
    return HandBatch(
        images=random(3, size, size), keypoints=0.2 + 0.6 * random(21, 2), keypoint_weight=torch.ones(count, 21),
        visible=torch.ones(count, 21), joints=joints / joints[:, :1].norm(dim=2, keepdim=True),
        joint_weight=torch.ones(count, 21), root=torch.full((count, 3), torch.nan),
        hand_scale=torch.full((count,), torch.nan), camera=torch.full((count, 3, 3), torch.nan),
        right=torch.tensor([1.0, 0.0] * (count // 2)), present=torch.ones(count),
        segments=torch.full((count, size, size), UNKNOWN_SEGMENT, dtype=torch.uint8), real=torch.zeros(count),
    )  # fmt: skip


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_every_small_configuration_trains_a_step_and_validates(path):
    config = read_config(path)
    assert config.name == path.stem
    config = replace(config, network=config.network | {"size": 32, "width": 0.125})
    task, given = config.build_task(), batch()
    losses = task.loss(task.network, given, 0)
    assert torch.isfinite(losses["loss"])
    terms = sum(float(value.detach()) for name, value in losses.items() if name != "loss")
    assert float(losses["loss"].detach()) == pytest.approx(terms, rel=1e-4)
    losses["loss"].backward()
    assert all(parameter.grad is not None for parameter in task.network.parameters())
    task.network.eval()
    with torch.no_grad():
        figures = task.validate(task.network, [given])
        assert task.best.lstrip("-") in figures
        [picture] = task.pictures(task.network, given).values()
    assert picture.dtype.name == "uint8"


@pytest.mark.parametrize("name", ["chernytska", "kourbane", "kourbane_localiser", "shin", "shin_localiser"])
def test_published_configurations_are_read_and_name_the_published_network(name):
    config = read_config(CONFIGS / f"{name}.yaml")
    assert config.name == name
    assert "width" not in config.network  # 1 is as published
    assert config.network["size"] == config.size


TASKS = {
    "chernytska": lambda: ChernytskaTask(ChernytskaPose(size=32, width=0.125)),
    "latent": lambda: ChernytskaTask(ChernytskaPose(size=32, width=0.125, heatmaps="latent")),
    "kourbane": lambda: KourbaneTask(KourbanePose(size=32, width=0.125)),
    "shin": lambda: ShinTask(ShinPose(size=32, width=0.125), mirror=0.0),
    "classifier": lambda: ShinTask(ShinPose(size=32, width=0.125, sides="classifier"), mirror=0.0),
}


@pytest.mark.parametrize("name", TASKS)
def test_unlabelled_keypoints_joints_and_sides_have_no_say(name):
    torch.manual_seed(0)
    task = TASKS[name]()
    task.network.eval()
    given = batch()
    given.keypoint_weight[0], given.joint_weight[0], given.right[1] = 0.0, 0.0, torch.nan
    task.network.train()
    state = {name: value.clone() for name, value in task.network.state_dict().items()}
    first = task.loss(task.network, given, 0)
    task.network.load_state_dict(state)
    given.keypoints[0], given.joints[0] = 0.3, 5.0
    second = task.loss(task.network, given, 0)
    assert torch.isfinite(first["loss"])
    torch.testing.assert_close(first["loss"], second["loss"])
    task.network.load_state_dict(state)
    given.keypoints[2] = 0.3
    assert float(task.loss(task.network, given, 0)["loss"].detach()) != pytest.approx(
        float(second["loss"].detach()), rel=1e-6
    )


def test_two_phases_and_the_encoder_stands_still_with_imagenets_weights(tmp_path):
    encoder = ResNet34Encoder()
    state = encoder.state_dict() | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    torch.save(state, tmp_path / "resnet34.pth")
    network = ChernytskaPose(size=32)
    task = ChernytskaTask(network, encoder_weights=str(tmp_path / "resnet34.pth"))
    assert torch.equal(network.encoder.conv1.weight, encoder.conv1.weight)
    frozen, tuned = task.phases
    learning = {name for name, _ in network.named_parameters() if name.startswith(frozen.learn)}
    assert learning == {name for name, _ in network.named_parameters() if not name.startswith("encoder.")}
    assert (frozen.augment, tuned.augment, tuned.learn) == (False, True, ())
    assert TASKS["chernytska"]().phases[0].learn == ()


@pytest.mark.parametrize("name", ["kourbane", "chernytska"])
def test_every_phase_trains_with_the_rest_standing_still(name):
    task, given = TASKS[name](), batch()
    for phase in task.phases:
        begin_phase(task.network, phase, Schedule())
        training_mode(task.network)
        task.loss(task.network, given, 0)["loss"].backward()
        learning = [value for key, value in task.network.named_parameters() if key.startswith(phase.learn or "")]
        assert all(value.grad is not None for value in learning)


def test_the_centre_of_an_empty_direct_heatmap_has_a_slope_where_its_overlap_has_none():
    task, given = ChernytskaTask(ChernytskaPose(size=32, width=0.125), heatmap=10.0, centre=20.0), batch()
    logits = torch.full((4, 21, 32, 32), -12.0, requires_grad=True)
    maps = logits.sigmoid()
    output = {"heatmaps": maps, "keypoints": mass_centres(maps), "joints": given.joints}
    terms = task.terms(output, given)
    wrong = (given.keypoints - 0.5).norm(dim=2).mean()
    torch.testing.assert_close(terms["centre"], 20.0 * wrong)
    assert terms["heatmap"].item() == pytest.approx(10.0, rel=0.01)
    overlap, centre = (
        torch.autograd.grad(terms[name], logits, retain_graph=True)[0].norm() for name in ("heatmap", "centre")
    )
    assert centre > 10.0 * overlap > 0.0
    assert "centre" not in TASKS["chernytska"]().terms(output, given)  # as published


def test_encoder_weights_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(ResNet34Encoder(0.125).state_dict(), path)
    with pytest.raises(ValueError, match="of another shape"):
        load_encoder(ResNet34Encoder(), path)
    torch.save({"layer9.weight": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"missing \['bn1.bias'"):
        load_encoder(ResNet34Encoder(0.125), path)
    path.write_bytes(b"404: not found")
    with pytest.raises(ValueError, match="cannot be read"):
        load_encoder(ResNet34Encoder(), path)
    with pytest.raises(ValueError, match="cannot be read"):
        load_encoder(ResNet34Encoder(), tmp_path / "absent.pth")


def test_one_tile_is_the_crop_and_three_hold_nine_hands():
    given = batch()
    given.present[3], given.keypoint_weight[2, 4] = 0.0, 0.0
    one = tiled_frames(given, 1)
    assert torch.equal(one.images, given.images)
    assert torch.equal(one.keypoints[:, 0], given.keypoints)
    assert one.state[:, 0].tolist() == [HAND, HAND, DOUBTFUL, NOTHING]
    three = tiled_frames(given, 3, torch.Generator().manual_seed(1))
    assert three.images.shape == given.images.shape
    assert three.keypoints.shape == (4, 9, 21, 2)


def test_keypoints_lie_on_their_tiles_hands():
    # Every crop is black but for a white square, in whose middle all of its keypoints lie.
    given = batch(count=2, size=32)
    given.images.zero_()
    given.images[:, :, 8:12, 20:24] = 1.0
    given.keypoints[:] = torch.tensor([22.0, 10.0]) / 32
    frames = tiled_frames(given, 2, torch.Generator().manual_seed(0))
    shown = frames.state == HAND
    assert shown.any()
    for n in range(2):
        for m in shown[n].nonzero()[:, 0]:
            x, y = (frames.keypoints[n, m, 0] * 32).long().tolist()
            assert frames.images[n, 0, y, x] > 0.7
        assert frames.images[n].sum() == pytest.approx(3 * 4 * int(shown[n].sum()), rel=0.1)


def test_skeletons_of_all_hands_of_a_picture():
    frames = tiled_frames(batch(), 2, torch.Generator().manual_seed(0))
    maps = skeleton_maps(frames, 32, 2.0)
    hands = frames.state == HAND
    single = [skeleton_map(frames.keypoints[:, m], 32, 2.0) * hands[:, m, None, None] for m in range(4)]
    assert torch.equal(maps, torch.stack(single).amax(dim=0))
    assert maps.sum() > 0


def test_cells_hold_hands_and_place_errors_by_hand():
    centres = torch.tensor([[[0.3, 0.6], [0.9, 0.9], [1.2, 0.5]]])
    found = holders(centres, torch.tensor([[True, False, True]]), 4)
    assert found.nonzero().tolist() == [[0, 0, 2 * 4 + 1]]
    boxes = torch.tensor([[[0.3, 0.6, 0.2, 0.1]]])
    said = torch.zeros(1, 16, 4)
    said[0, 9] = torch.tensor([0.3, 0.6, 0.2, 0.1])
    assert place_error(said, boxes, found[:, :1]) == pytest.approx(0, abs=1e-6)
    said[0, 9, 0] += 0.1  # half a side: smooth L1 with beta 0.05
    assert place_error(said, boxes, found[:, :1]) == pytest.approx(0.5 - 0.025, abs=1e-5)


def test_score_errors_by_hand_and_gradients_of_both():
    logits = torch.zeros(1, 4, dtype=torch.float64)
    truth, counts = torch.tensor([[True, False, True, False]]), torch.tensor([[True, True, True, False]])
    assert float(score_error(logits, truth, counts)) == pytest.approx(3 * 0.693147 / 2, rel=1e-5)
    assert float(score_error(logits, truth & False, counts)) == pytest.approx(3 * 0.693147, rel=1e-5)
    generator = torch.Generator().manual_seed(0)
    said = torch.rand(1, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    boxes = torch.tensor([[[0.3, 0.6, 0.2, 0.1], [0.8, 0.2, 0.3, 0.4]]], dtype=torch.float64)
    holder = holders(boxes[..., :2], torch.ones(1, 2, dtype=torch.bool), 2)
    assert torch.autograd.gradcheck(lambda found: place_error(found, boxes, holder), (said,))
    assert torch.autograd.gradcheck(lambda found: score_error(found, truth, counts), (logits.requires_grad_(),))


def test_localisers_are_taught_no_hand_too():
    given = batch()
    given.present.zero_()
    given.keypoint_weight.zero_()
    for task in (
        ShinLocaliserTask(ShinLocaliser(size=32, width=0.125), [1]),
        SkeletonTask(SkeletonLocaliser(size=32, width=0.125), 3.0, [1]),
    ):
        losses = task.loss(task.network, given, 0)
        assert losses["loss"] > 0
        losses["loss"].backward()


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match=r"tiles is \[0\]"):
        SkeletonTask(SkeletonLocaliser(size=32, width=0.125), 3.0, [0])
    with pytest.raises(ValueError, match="thickness is 0"):
        SkeletonTask(SkeletonLocaliser(size=32, width=0.125), 0.0)
    with pytest.raises(TypeError):
        KourbaneTask(KourbanePose(size=32, width=0.125), breadth=3.0)
