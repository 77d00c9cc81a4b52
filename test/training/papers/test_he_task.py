"""The task of He et al. 2021: its four losses, what is learnt when, what nobody labelled."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hand_pose_ros.networks.he import HePose
from hand_pose_ros.training.active_shape import ActiveShape
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT, HandBatch
from hand_pose_ros.training.losses.bones import cosine_loss, direction_loss, length_loss
from hand_pose_ros.training.losses.shapes import active_shape_loss, pose_loss
from hand_pose_ros.training.papers.he_task import HeTask, posed, true_view, view_loss, wrist_based
from hand_pose_ros.training.trainer.config import read_config

CONFIGS = Path(__file__).parents[3] / "config" / "training"
SIZE, FOCAL = 64, 2.0


def hands(count=6, seed=0):
    """Random hands seen by a camera, the last one absent."""
    generator = torch.Generator().manual_seed(seed)
    joints = torch.rand(count, 21, 3, generator=generator) - 0.5
    joints = joints - joints[:, 9:10]
    joints = joints / joints[:, :1].norm(dim=2, keepdim=True)
    root, scale = torch.tensor([0.02, -0.01, 0.6]).repeat(count, 1), torch.full((count,), 0.1)
    camera = torch.tensor([[FOCAL, 0.0, 0.5], [0.0, FOCAL, 0.45], [0.0, 0.0, 1.0]]).repeat(count, 1, 1)
    seen = (joints * scale[:, None, None] + root[:, None]) @ camera.transpose(1, 2)
    present = torch.ones(count)
    present[-1] = 0.0
    known = present[:, None].repeat(1, 21)
    return HandBatch(
        images=torch.rand(count, 3, SIZE, SIZE, generator=generator), keypoints=seen[..., :2] / seen[..., 2:],
        keypoint_weight=known.clone(), visible=known.clone(), joints=joints * known[..., None],
        joint_weight=known.clone(), root=root, hand_scale=scale, camera=camera,
        right=torch.where(present > 0, (torch.arange(count) % 2).float(), torch.nan), present=present,
        segments=torch.full((count, SIZE, SIZE), UNKNOWN_SEGMENT, dtype=torch.uint8), real=torch.zeros(count),
    )  # fmt: skip


def truth_as_output(batch):
    size, closeness, _, _ = true_view(batch)
    depth = batch.joints[..., 2] - batch.joints[:, :1, 2]
    return {"keypoints": batch.keypoints, "relative_depth": depth, "size": size, "closeness": closeness}


def test_the_truth_has_no_loss():
    batch = hands()
    joints = posed(truth_as_output(batch), batch)
    torch.testing.assert_close(joints[:-1], batch.joints[:-1], atol=1e-5, rtol=1e-4)
    assert view_loss(truth_as_output(batch), batch).item() == pytest.approx(0.0, abs=1e-8)


def test_view_by_hand():
    size, closeness, centre, known = true_view(hands())
    assert size[0].item() == pytest.approx(FOCAL * 0.1 / 0.6)
    assert closeness[0].item() == pytest.approx(0.1 / 0.6)
    assert centre[0].tolist() == pytest.approx([0.5, 0.45])
    assert known.tolist() == [True] * 5 + [False]
    output = truth_as_output(hands())
    output["size"] = output["size"] * torch.e
    assert view_loss(output, hands()).item() == pytest.approx(1.0, abs=1e-5)


def test_a_photograph_without_a_camera_is_posed_by_the_networks_own_view():
    batch = hands()
    bare = replace(batch, camera=batch.camera * torch.nan, root=batch.root * torch.nan)
    output = truth_as_output(batch)
    output["keypoints"] = output["keypoints"] + torch.tensor([0.0, 0.05])  # its axis is taken at the crop's middle
    torch.testing.assert_close(posed(output, bare)[:-1], batch.joints[:-1], atol=1e-5, rtol=1e-4)
    assert view_loss(output, bare).item() == 0.0


@pytest.mark.parametrize("version", ["bones", "cos1", "cos2", "asm"])
def test_losses_are_the_tables_with_the_tables_weights(version):
    batch, task = hands(), HeTask(HePose(16, SIZE), version=version)
    losses = task.loss(task.network.train(), batch, 0)
    losses["loss"].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in task.network.parameters())
    torch.testing.assert_close(losses["loss"], sum(value for name, value in losses.items() if name != "loss"))
    torch.manual_seed(0)
    output = task.network(batch.images)
    found, truth, weight = wrist_based(posed(output, batch)), wrist_based(batch.joints), batch.joint_weight
    model = ActiveShape.fit(truth[:-1])
    expected = {
        "pose": pose_loss(found, truth, weight), "length": 0.01 * length_loss(found, truth, weight),
        "direction": 0.1 * direction_loss(found, truth, weight), "cosine": 10.0 * cosine_loss(found, truth, weight),
        "asm": 100.0 * active_shape_loss(found[:-1], truth[:-1], weight[:-1], model),
    }  # fmt: skip
    named = {"bones": ("length", "direction"), "cos1": ("length", "direction", "cosine"), "cos2": ("cosine",)}
    wanted = {"pose", *named.get(version, ("asm",))}
    torch.manual_seed(0)
    losses = task.loss(task.network, batch, 0)
    assert set(losses) == {"loss", "heatmap", "presence", "side", "view"} | wanted
    for name in wanted:
        torch.testing.assert_close(losses[name], expected[name], rtol=1e-3, atol=1e-4)


def test_the_shape_models_weight_falls():
    batch, task = hands(), HeTask(HePose(16, SIZE), version="asm")
    found = []
    for task.progress in (0.0, 0.99):
        torch.manual_seed(0)
        found.append(task.loss(task.network.train(), batch, 0)["asm"].item())
    assert found[0] == pytest.approx(100 * found[1], rel=0.01)


def test_heatmap_phase_trains_the_hourglass_alone():
    task = HeTask(HePose(16, SIZE))
    task.phase = "heatmaps"
    losses = task.loss(task.network.train(), hands(), 0)
    assert set(losses) == {"loss", "heatmap"}
    losses["loss"].backward()
    moved = {name.split(".")[0] for name, p in task.network.named_parameters() if p.grad is not None}
    assert moved == {"hourglass"}


def test_a_batch_without_hands_has_a_finite_loss():
    batch = hands()
    nothing = torch.zeros_like(batch.present)
    none = nothing[:, None].repeat(1, 21)
    batch = replace(batch, present=nothing, keypoint_weight=none, joint_weight=none, right=nothing * torch.nan)
    batch = replace(batch, camera=batch.camera * torch.nan, root=batch.root * torch.nan)
    batch = replace(batch, hand_scale=nothing * torch.nan)
    task = HeTask(HePose(16, SIZE))
    loss = task.loss(task.network.train(), batch, 0)["loss"]
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in task.network.parameters() if p.grad is not None)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("he_*.yaml")) + [CONFIGS / "he.yaml"], ids=lambda path: path.stem)
def test_configurations_train_a_step_and_validate(path):
    config = read_config(path)
    assert config.name == path.stem
    task = replace(config, network=config.network | {"channels": 16, "input_size": SIZE}).build_task()
    assert torch.isfinite(task.loss(task.network.train(), hands(), 0)["loss"])
    with torch.no_grad():
        assert task.best.lstrip("-") in task.validate(task.network.eval(), [hands()])
    for phase in config.schedule.phases:
        names = [name for name, _ in task.network.named_parameters()]
        assert all(any(name.startswith(part) for name in names) for part in phase.learn)
