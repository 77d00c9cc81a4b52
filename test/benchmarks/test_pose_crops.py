"""What benchmarks.pose_crops cuts out of stores, and what of a model's card counts."""

import json
import sys

import numpy as np
import pytest
import torch

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from benchmarks import pose_crops
from benchmarks.pose_crops import as_carded, crops, store_of, table
from benchmarks.spread import spread
from hand_pose_ros.networks.model_card import ModelCard
from hand_pose_ros.training.crop_evaluation import evaluate_crops
from hand_pose_ros.training.mean_hand import mean_hand
from hand_pose_ros.training.sources.photographs import PhotographStore
from hand_pose_ros.training.sources.shards import PHOTOGRAPHS, write_description, write_shard

SIZE = 40


@pytest.fixture
def store(tmp_path):
    """Six photographed crops of one hand, 0.5 wide and lying down; the last shows nothing."""
    write_description(tmp_path, {"format": PHOTOGRAPHS, "size": SIZE, "sources": ["a"]})
    hand = mean_hand(0.1)[:, :2] @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    hand = 0.5 * (hand - hand.min(axis=0)) / np.ptp(hand, axis=0).max() + 0.3
    write_shard(tmp_path, 0, {
        "images": np.full((6, SIZE, SIZE, 3), 51, np.uint8), "segments": np.zeros((6, SIZE, SIZE), np.uint8),
        "keypoints": np.repeat(np.float32(hand)[None], 6, 0), "confidence": np.ones((6, 21), np.float32),
        "centres": np.repeat(np.float32(hand)[None], 6, 0), "joints": np.zeros((6, 21, 3), np.float32),
        "right": np.arange(6) % 2 == 1, "present": np.arange(6) != 5, "source": np.zeros(6, np.int16),
        "box": np.zeros((6, 4), np.float32),
    })  # fmt: skip
    return tmp_path


def test_stores_are_told_apart_and_others_refused(store, tmp_path):
    assert isinstance(store_of(store), PhotographStore)
    write_description(tmp_path / "frames", {"format": "frames 1"})
    with pytest.raises(ValueError, match="holds 'frames 1': give a folder of"):
        store_of(tmp_path / "frames")


def test_places_are_spread_over_all():
    assert spread(10, 4).tolist() == [0, 3, 6, 9]
    assert spread(3, 50).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="0 of 5"):
        spread(5, 0)


@pytest.mark.parametrize("side", [1.65, 2.0])
def test_crops_are_upright_centred_and_of_the_wanted_side(store, side):
    [batch] = crops(store_of(store), 5, 32, side, "cpu")
    assert batch.images.shape == (5, 3, 32, 32)
    points = batch.keypoints[0].numpy()
    knuckles = points[[5, 9, 9, 13]].mean(axis=0)
    assert knuckles[0] == pytest.approx(points[0, 0], abs=1e-5)
    assert knuckles[1] < points[0, 1]
    assert np.ptp(points, axis=0).max() == pytest.approx(1 / side, rel=1e-4)
    assert (points.max(axis=0) + points.min(axis=0)) / 2 == pytest.approx((0.5, 0.5), abs=1e-5)


def test_the_cards_deviations_and_depth_count():
    def network(images):
        return {"keypoints": torch.zeros(2, 21, 2), "depth": torch.ones(2, 21), **stated}

    stated = {"keypoint_stddev": torch.full((2, 21), 0.01)}
    said = as_carded(network, {"stddev_gain": 3.0, "depth_gain": 2.0})(torch.zeros(2, 3, 8, 8))
    assert torch.allclose(said["keypoint_stddev"], torch.tensor(0.03))
    assert torch.allclose(said["depth"], torch.tensor(2.0))
    stated = {}
    said = as_carded(network, {"stddev_gain": 3.0, "keypoint_stddev": 0.04})(torch.zeros(2, 3, 8, 8))
    assert torch.allclose(said["keypoint_stddev"], torch.full((2, 21), 0.12))


class Always(torch.nn.Module):
    """Says every time that there is a right hand at the place where the stored one is, half a crop wide."""

    def __init__(self, keypoints):
        super().__init__()
        self.keypoints = keypoints

    def forward(self, images):
        count = len(images)
        answer = {"keypoints": self.keypoints.expand(count, 21, 2)}
        return answer | {"presence": torch.full((count,), 0.9), "right": torch.full((count,), 0.9)}


def test_the_command_counts_and_writes(store, tmp_path, monkeypatch, capsys):
    [batch] = crops(store_of(store), 1, 32, 1.65, "cpu")
    extent = float(np.ptp(batch.keypoints[0].numpy(), axis=0).max())
    network = Always(batch.keypoints[0] + torch.tensor([0.25 * extent, 0.0]))
    card = {"input_size": 32, "keypoint_stddev": 0.1, "sees": "both"}
    built = []
    monkeypatch.setattr(pose_crops, "build_network", lambda card, stage: built.append(stage) or network)
    monkeypatch.setattr(pose_crops, "find_card", lambda name: ModelCard.__new__(ModelCard))
    monkeypatch.setattr(ModelCard, "stages", lambda self: {"pose": card})
    output = tmp_path / "crops.json"
    command = ["pose_crops", "one", "two", "--stores", str(store), "--device", "cpu", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    assert pose_crops.main() == 0
    found = json.loads(output.read_text())["models"]["one"][str(store)]
    assert found["crops"] == 6
    assert found["all"]["error_2d"]["value"] == pytest.approx(0.25, rel=1e-3)
    assert {"low", "high"} <= set(found["all"]["error_2d"])
    assert found["all"]["side"]["value"] == pytest.approx(2 / 5)
    assert found["all"]["sigma_pixel"]["value"] == pytest.approx(0.5)  # y is right, x is off by more than 0.1
    assert built == ["pose"]  # both models have the same
    head, _, line, _ = capsys.readouterr().out.splitlines()
    assert "PA mm" not in head  # photographs have no scale
    assert line.startswith(f"| one, {store.name} | 6 | 0.250 | 0.000 |")


def test_a_side_that_ignores_the_mirror_is_no_other_side(store):
    [batch] = crops(store_of(store), 5, 32, 1.65, "cpu")
    found = evaluate_crops(Always(batch.keypoints[0]), [batch], ["mirrored"])
    line = table({"one": {"some": found}}).splitlines()
    assert line[0].split("|")[-3:-1] == [" other side ", " mirror gap "]
    assert line[2].split("|")[-3] == " 0.000 "


def test_a_line_has_what_there_is():
    figures = {"crops": 3, "all": {"error_2d": {"value": 0.1}}, "rotation": {"0": 0.1, "worst_over_upright": 2.0}}
    assert table({"one": {"stores/some": figures}}).splitlines()[2] == "| one, some | 3 | 0.100 | 2.00 |"
