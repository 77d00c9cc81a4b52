"""The overfitting benchmark trains as the configuration says: phase by phase, at the rate of its place in the phase."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from benchmarks.overfit_papers import Learner, crop_error
from hand_pose_ros.training.hand_batch import HandBatch


def hands(count: int, size: int) -> HandBatch:
    """Noise with labels."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.rand(count, *shape, generator=generator)

    joints = random(21, 3) - 0.5
    joints = joints - joints[:, 9:10]
    return HandBatch(
        images=random(3, size, size), keypoints=0.2 + 0.6 * random(21, 2), keypoint_weight=torch.ones(count, 21),
        visible=torch.ones(count, 21), joints=joints / joints[:, :1].norm(dim=2, keepdim=True),
        joint_weight=torch.ones(count, 21), root=torch.tensor([0.0, 0.0, 0.5]).repeat(count, 1),
        hand_scale=torch.full((count,), 0.1), right=torch.ones(count), present=torch.ones(count),
        camera=torch.tensor([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]]).repeat(count, 1, 1),
        segments=torch.zeros(count, size, size, dtype=torch.uint8), real=torch.zeros(count),
    )  # fmt: skip


def moved(before: dict, network: torch.nn.Module) -> set[str]:
    """The parts of the network whose parameters changed."""
    changed = (name for name, value in network.named_parameters() if not torch.equal(value, before[name]))
    return {name.partition(".")[0] for name in changed}


def test_phases_learn_their_parts_and_the_last_step_hardly_moves():
    learner = Learner("he", half=False)
    batch, parts = hands(2, learner.size), {name for name, _ in learner.network.named_children()}
    for progress, learns in ((0.25, {"hourglass"}), (0.75, parts)):
        before = {name: value.detach().clone() for name, value in learner.network.named_parameters()}
        assert learner.step(batch, 0, progress) > 0.0
        assert moved(before, learner.network) == learns
        assert learner.optimiser.param_groups[0]["lr"] == pytest.approx(0.5 * learner.schedule.learning_rate, rel=0.1)
    learner.step(batch, 1, 1.0)
    assert learner.optimiser.param_groups[0]["lr"] == pytest.approx(0.01 * learner.schedule.learning_rate)


def test_the_error_is_the_distance_in_shares_of_the_crop():
    learner = Learner("shin", half=False)
    batch = hands(2, learner.size)
    with torch.no_grad():
        batch.keypoints = learner.network.eval()(batch.images)["keypoints"] + torch.tensor([0.03, 0.04])
    assert crop_error(learner.task, batch) == pytest.approx(0.05, abs=1e-5)
