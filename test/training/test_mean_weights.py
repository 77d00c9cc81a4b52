"""The mean of two trainings' weights."""

import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from hand_pose_ros.training.mean_weights import main, mean_weights

BEFORE = {"weight": torch.tensor([0.0, 1.0]), "seen": torch.tensor(3)}
AFTER = {"weight": torch.tensor([1.0, 3.0]), "seen": torch.tensor(9)}


@pytest.mark.parametrize(("share", "wanted"), [(0.0, [0.0, 1.0]), (0.25, [0.25, 1.5]), (1.0, [1.0, 3.0])])
def test_weights_lie_between_both(share, wanted):
    mean = mean_weights(BEFORE, AFTER, share)
    assert mean["weight"].tolist() == wanted
    assert mean["seen"] == 9


@pytest.mark.parametrize("other", [{"weight": torch.zeros(3), "seen": torch.tensor(1)}, {"weight": torch.zeros(2)}])
def test_other_networks_are_refused(other):
    with pytest.raises(ValueError, match="different networks"):
        mean_weights(BEFORE, other, 0.5)


def test_a_share_outside_is_refused():
    with pytest.raises(ValueError, match=r"share is 1\.5"):
        mean_weights(BEFORE, AFTER, 1.5)


def test_files(tmp_path, monkeypatch):
    paths = [tmp_path / f"{name}.safetensors" for name in ("before", "after", "mean")]
    save_file(BEFORE, paths[0])
    save_file(AFTER, paths[1])
    command = ["mean_weights", *map(str, paths[:2]), "--share", "0.5", "--output", str(paths[2])]
    monkeypatch.setattr(sys, "argv", command)
    assert main() == 0
    assert load_file(paths[2])["weight"].tolist() == [0.5, 2.0]
