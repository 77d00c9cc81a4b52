"""The keypoint network's task: it learns, it validates honestly."""

import copy
import math

import pytest
import torch

from hand_pose_ros.networks.hand_pose import HandPoseNetwork
from hand_pose_ros.training.image.pose_figures import figures
from hand_pose_ros.training.image.pose_targets import targets
from hand_pose_ros.training.image.pose_task import PoseTask


@pytest.fixture
def task():
    torch.manual_seed(0)
    return PoseTask(HandPoseNetwork("s"))


def test_every_term_is_a_number_and_reaches_the_network(task, batch):
    losses = task.loss(task.network.train(), batch, 0)
    assert all(math.isfinite(float(value.detach())) for value in losses.values())
    losses["loss"].backward()
    assert all(parameter.grad is not None for parameter in task.network.parameters())
    assert all(torch.isfinite(parameter.grad).all() for parameter in task.network.parameters())


def test_it_learns_a_few_crops_by_heart(task, batch):
    optimiser = torch.optim.AdamW(task.network.parameters(), 3e-3)
    first = None
    for step in range(25):
        losses = task.loss(task.network.train(), copy.copy(batch), step)
        first = first or float(losses["place"].detach())
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
    assert float(losses["place"].detach()) < 0.6 * first


def test_smaller_crops_come_first(batch):
    task = PoseTask(HandPoseNetwork("s"), shrink_until=0.5, shrink=32)
    sizes = []

    def network(images):
        sizes.append(images.shape[-1])
        return task.network(images)

    for task.progress in (0.0, 0.6):
        task.loss(network, copy.copy(batch), 0)
    assert sizes == [32, 64]


def test_as_many_left_hands_are_shown_as_asked_for(task, batch):
    task, rows = PoseTask(task.network, left=0.25), batch.rows(torch.arange(400) % 4)
    shown = task._shown(rows)
    assert float(shown.right.mean()) == pytest.approx(0.75, abs=0.07)
    assert float(rows.right.mean()) == 0.5


def test_a_network_that_always_says_right_knows_half_of_the_sides(task, batch):
    def network(images):
        return task.network.eval()(images) | {"right": torch.ones(len(images))}

    with torch.no_grad():
        assert task.validate(network, [batch.rows([0, 0])])["rendered_side"] == 0.5


def test_a_perfect_answer_has_perfect_figures(batch):
    target = targets(batch, 1.0)
    output = {
        "keypoints": target.keypoints, "depth": target.depth, "keypoint_stddev": torch.full((6, 21), 0.01),
        "right": torch.nan_to_num(batch.right, 0.5), "presence": batch.present,
    }  # fmt: skip
    said = figures([(batch, output)])
    for source in ("photo", "rendered"):
        assert said[f"{source}_PCK@0.1"] == said[f"{source}_side"] == said[f"{source}_covered"] == 1.0
        assert said[f"{source}_depth_error"] == pytest.approx(0.0, abs=1e-6)
    assert said["error"] == pytest.approx(0.0, abs=1e-6)


def test_figures_count_what_is_wrong_in_hand_extents(batch):
    target = targets(batch, 1.0)
    shift = torch.stack([0.12 * target.extent, torch.zeros(6)], dim=1)[:, None]
    output = {
        "keypoints": target.keypoints + shift, "depth": target.depth, "keypoint_stddev": torch.full((6, 21), 1e-4),
        "right": 1 - torch.nan_to_num(batch.right, 0.5), "presence": 1 - batch.present,
    }  # fmt: skip
    said = figures([(batch, output)])
    assert said["photo_error"] == pytest.approx(0.12, abs=1e-5)
    assert said["photo_PCK@0.1"] == said["photo_side"] == said["photo_presence"] == 0.0
    assert said["rendered_covered"] == pytest.approx(0.5)  # nothing is wrong downwards


def test_pictures_show_every_crop(task, batch):
    pytest.importorskip("cv2")
    with torch.no_grad():
        sheet = task.pictures(task.network.eval(), batch)["predictions"]
    assert sheet.shape == (192, 8 * 192, 3)
    assert sheet.any()
