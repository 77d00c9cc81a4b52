"""What the comparisons of the papers' variants conclude, on answers that are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks import he_losses, lifting_table
from benchmarks.ablation_variants import COMPARISONS, VARIANTS
from benchmarks.ablations import configured, tables
from benchmarks.kourbane_presence import balanced
from benchmarks.narrow_hands import narrow_scenes
from benchmarks.seed_table import cell, markdown
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.papers.he_task import VERSIONS

BUDGET = SimpleNamespace(share=0.01, precision="fp32")


def batch(count: int = 8) -> HandBatch:
    """Hands of 0.1 m, 0.5 m away, in front of a camera with its axis in the middle of the crop."""
    generator = torch.Generator().manual_seed(0)
    joints = torch.randn(count, 21, 3, generator=generator) * 0.5
    joints -= joints[:, 9:10].clone()
    joints /= joints[:, :1].norm(dim=2, keepdim=True)
    one, root = torch.ones(count), torch.tensor([0.0, 0.0, 0.5]).repeat(count, 1)
    camera = torch.tensor([[1.5, 0.0, 0.5], [0.0, 1.5, 0.5], [0.0, 0.0, 1.0]]).repeat(count, 1, 1)
    places = (root[:, None] + 0.1 * joints) @ camera.transpose(1, 2)
    return HandBatch(
        torch.zeros(count, 3, 1, 1), places[..., :2] / places[..., 2:], torch.ones(count, 21), torch.ones(count, 21),
        joints, torch.ones(count, 21), root, 0.1 * one, camera, one.clone(), one.clone(),
        torch.zeros(count, 1, 1, dtype=torch.uint8), 0 * one,
    )  # fmt: skip


def test_table_has_mean_and_half_range_over_seeds():
    rows = [{"name": "a", "x": 1.0}, {"name": "b", "x": 5.0}, {"name": "a", "x": 2.0}]
    lines = markdown(rows, {"x": ("X", "{:.1f}"), "y": ("Y", "{:.1f}")}, "what").splitlines()
    assert lines == ["| what | X | Y |", "|---|---|---|", "| a | 1.5 ± 0.5 |  |", "| b | 5.0 |  |"]
    assert cell([0.501, 0.502], "{:.2f}") == "0.50"
    assert cell([float("nan")], "{:.2f}") == ""


def test_lifting_figures_tell_shape_from_viewpoint():
    hands = batch()
    right = lifting_table.figures(hands.joints, hands)
    assert right["mean_mm"] == pytest.approx(0.0, abs=1e-4)
    turn = torch.linalg.matrix_exp(torch.tensor([[0.0, -0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    turned = lifting_table.figures(hands.joints @ turn.T, hands)
    assert turned["aligned_mm"] == pytest.approx(0.0, abs=1e-3)
    assert turned["viewpoint_deg"] == pytest.approx(28.65, abs=0.05)
    assert turned["mean_mm"] > 10.0


def test_he_figures_with_true_depths_and_with_flat_hands():
    hands = batch()
    depth = hands.joints[:, :, 2] - hands.joints[:, :1, 2]
    answer = {"keypoints": hands.keypoints, "relative_depth": depth}
    found = he_losses.figures(he_losses.posed(answer | unknown_view(hands), hands), hands)
    assert found.pop("depth_slope") == pytest.approx(1.0, abs=1e-4)
    assert max(found.values()) < 0.1  # the angles' arc cosine is that coarse in float32
    flat = {"keypoints": hands.keypoints, "relative_depth": 0 * depth}
    found = he_losses.figures(he_losses.posed(flat | unknown_view(hands), hands), hands)
    assert found["mean_mm"] > 20.0
    assert found["direction_deg"] > 10.0
    assert found["depth_slope"] == pytest.approx(0.0, abs=1e-4)


def unknown_view(hands: HandBatch) -> dict[str, torch.Tensor]:
    """What a network would say of the view, and says wrong."""
    return {"size": torch.full_like(hands.hand_scale, 9.0), "closeness": torch.full_like(hands.hand_scale, 9.0)}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_loss_of_he_teaches_depths(version):
    torch.manual_seed(0)
    task, hands = he_losses.DepthTask(he_losses.DepthFromPlaces(), version=version), batch(16)
    loss = task.loss(task.network, hands, 0)["loss"]
    loss.backward()
    assert torch.isfinite(loss)
    assert task.network.features.weight.grad.abs().sum() > 0


def test_sides_of_a_comparison_differ_in_what_they_are_compared_by_alone():
    for comparison, names in COMPARISONS.items():
        configs = [configured(name, 1, BUDGET) for name in names]
        assert len({(c.schedule.steps, c.schedule.batch, c.schedule.learning_rate, c.size) for c in configs}) == 1
        assert len({(VARIANTS[name].both_sides, configs[0].seed) for name in names}) == 1, comparison
        assert len({str((c.network, c.task)) for c in configs}) == len(names)


def test_networks_of_the_variants_take_their_crops():
    for name in ("latent", "tree", "skeleton", "asm", "classifier"):
        config = configured(name, 0, BUDGET)
        network = config.build_task().network.eval()
        with torch.no_grad():
            assert network(torch.zeros(1, 3, config.size, config.size))["keypoints"].shape == (1, 21, 2)


def test_tables_show_what_was_trained_and_the_middle_of_its_curve():
    curve = [{"step": 5, "pck_0.1": 0.1}, {"step": 10, "pck_0.1": 0.2}, {"step": 20, "pck_0.1": 0.7}]
    rows = [{"name": "direct", "steps": 20, "curve": curve, "pck_0.1": 0.75}]
    text = tables(rows, ("heatmaps",))
    assert "| direct | 0.750 | 0.200 |" in text
    assert "side" not in text


def test_narrow_crops_show_one_right_hand():
    scenes = narrow_scenes("held_back")
    assert scenes.left == scenes.held == scenes.second_hand == scenes.occluder == scenes.person == 0.0
    assert scenes.split == "held_back"
    assert scenes.view.frontal == 1.0


def test_saying_hand_of_every_crop_is_no_good_balanced_answer():
    found = {"thresholds": np.array([0.0, 0.1, 0.9]), "recall": np.array([1.0, 0.9, 0.1])}
    found["false_positive_rate"] = np.array([1.0, 0.2, 0.0])
    chosen = balanced(found)
    assert chosen["balanced_threshold"] == 0.1
    assert chosen["balanced_f1"] == pytest.approx(2 * 0.9 / 2.1)
