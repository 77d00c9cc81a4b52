"""Hand or no hand by counting foreground pixels."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hand_pose_ros.training.papers.foreground_sweep import foreground_shares, save_sweeps, sweep


def test_shares_count_pixels_above_a_half():
    images = torch.zeros(3, 3, 4, 4)
    images[1, 0, 0, :2], images[2, 0] = 0.9, 0.4
    batch = SimpleNamespace(images=images, present=torch.tensor([0.0, 1.0, 1.0]))
    shares, truth = foreground_shares(lambda given: given[:, 0], [batch, batch])
    assert shares.tolist() == [0, 0.125, 0] * 2
    assert truth.tolist() == [False, True, True] * 2


def test_sweep_by_hand(tmp_path):
    # Hands with shares .02, .05, .1; none with 0, .001, .03. From .04 on (say): recall 2/3, no false positive, F1 0.8;
    # from .01 on: recall 1, one false positive in three, F1 6/7.
    shares, truth = np.array([0.02, 0.05, 0.1, 0.0, 0.001, 0.03]), np.array([True] * 3 + [False] * 3)
    found = sweep(shares, truth, np.array([0.0, 0.01, 0.04, 0.2]))
    assert found["recall"] == pytest.approx([1, 1, 2 / 3, 0])
    assert found["false_positive_rate"] == pytest.approx([1, 1 / 3, 0, 0])
    assert found["f1"] == pytest.approx([6 / 9, 6 / 7, 0.8, 0])
    assert (found["best_threshold"], found["best_f1"]) == (0.01, pytest.approx(6 / 7))
    assert found["roc_auc"] == pytest.approx(8 / 9)
    save_sweeps({"a": found}, tmp_path / "presence.png")
    assert (tmp_path / "presence.png").stat().st_size > 1000


def test_one_kind_of_crops_is_refused():
    with pytest.raises(ValueError, match="2 of 2 crops show a hand"):
        sweep(np.zeros(2), np.array([True, True]))
