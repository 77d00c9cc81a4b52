"""From a configuration's blocks to sources: stores in a folder, mixtures, mistakes; and the evaluation at the end."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from toy_task import toy_config, toy_task

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from hand_pose_ros.training.mean_hand import mean_hand
from hand_pose_ros.training.sources.shards import RENDERED, write_description, write_shard
from hand_pose_ros.training.trainer.config import config_from
from hand_pose_ros.training.trainer.data import Stores, held_back_batches, open_source, training_source
from hand_pose_ros.training.trainer.store_rendering import crops_in, render_missing
from hand_pose_ros.training.trainer.task import Task
from hand_pose_ros.training.trainer.trainer import train

SIZE, COUNT = 32, 40


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two stores of noise that claim to show hands, rows told apart by their hand scale."""
    folder = tmp_path_factory.mktemp("stores")
    for seed, name in enumerate(("train", "held_back")):
        write_description(folder / name, {"format": RENDERED, "size": SIZE, "seed": seed})
        write_shard(folder / name, 0, crops(seed))
    return Stores(folder)


def crops(seed):
    random = np.random.default_rng(seed)
    scale = (0.08 + 0.001 * np.arange(COUNT)).astype(np.float32)
    joints = scale[:, None, None] * mean_hand() + np.array([0.0, 0.0, 0.6])
    matrix = np.array([[2.0 * SIZE, 0, SIZE / 2], [0, 2.0 * SIZE, SIZE / 2], [0, 0, 1]], np.float32)
    seen = joints @ matrix.T
    return {
        "images": random.integers(0, 255, (COUNT, SIZE, SIZE, 3), np.uint8),
        "segments": np.ones((COUNT, SIZE, SIZE), np.uint8),
        "keypoints_px": (seen[..., :2] / seen[..., 2:]).astype(np.float32), "joints_m": joints.astype(np.float32),
        "visible": np.ones((COUNT, 21), bool), "camera_matrix": np.tile(matrix, (COUNT, 1, 1)),
        "left": np.arange(COUNT) % 2 == 0, "present": np.arange(COUNT) % 8 != 0, "hand_scale_m": scale,
    }  # fmt: skip


def scales(batch):
    return sorted(batch.hand_scale[batch.hand_scale.isfinite()].tolist())


class PointNetwork(nn.Module):
    """Says the same whatever it sees."""

    def __init__(self):
        super().__init__()
        self.keypoints = nn.Parameter(torch.full((21, 2), 0.4))
        self.joints = nn.Parameter(torch.randn(21, 3, generator=torch.Generator().manual_seed(0)))

    def forward(self, images):
        count = len(images)
        one = images.mean(dim=(1, 2, 3)) * 0 + 0.9
        return {
            "keypoints": self.keypoints.expand(count, 21, 2), "joints": self.joints.expand(count, 21, 3),
            "presence": one, "right": one,
        }  # fmt: skip


class PointTask(Task):
    """Squared distances of keypoints."""

    def loss(self, network, batch, step):
        square = (network(batch.images)["keypoints"] - batch.keypoints).square().sum(dim=2) * batch.keypoint_weight
        return {"loss": square.mean()}

    def validate(self, network, batches):
        return {"error": float(sum(self.loss(network, batch, 0)["loss"] for batch in batches))}


def point_config(**changes):
    content = {
        "name": "point", "size": 24, "network": {"class": "x.Y"}, "task": {"class": "x.Y"},
        "sources": {"rendered": {"kind": "rendered_store", "folder": "train"}},
        "validation": {"count": 24, "batch": 16, "sources": {"r": {"kind": "rendered_store", "folder": "held_back"}}},
        "schedule": {"steps": 30, "batch": 8, "learning_rate": 0.05, "average": 0.0},
    }  # fmt: skip
    return config_from(content | changes)


def test_a_store_below_the_stores_folder_is_opened_and_held_back_crops_stay_the_same(stores):
    task = PointTask(PointNetwork())
    source = training_source(task, point_config(), stores)
    assert source.batch(4).images.shape == (4, 3, SIZE, SIZE)
    first, again = (held_back_batches(task, point_config(), stores) for _ in range(2))
    assert [len(batch) for batch in first] == [16, 8]
    assert [scales(batch) for batch in first] == [scales(batch) for batch in again]


def test_several_sources_are_mixed_and_continue_after_skipped_batches(stores):
    blocks = {
        "a": {"kind": "rendered_store", "folder": "train", "share": 0.75},
        "b": {"kind": "rendered_store", "folder": "held_back", "share": 0.25},
    }
    task = PointTask(PointNetwork())
    whole, later = (open_source(task, blocks, 3, stores) for _ in range(2))
    batches = [whole.batch(8) for _ in range(4)]
    for _ in range(3):
        later.skip(8)
    torch.testing.assert_close(later.batch(8).images, batches[3].images)


def test_a_store_that_is_there_is_not_drawn_again(stores):
    assert crops_in(stores.folder / "train") == COUNT
    render_missing(stores.folder / "train", {"count": COUNT}, stores)  # would need the MakeHuman files
    with pytest.raises(ValueError, match="render: unknown settings colour; there are count"):
        render_missing(stores.folder / "train", {"colour": 1}, stores)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({}, "names no sources"),
        ({"a": {"kind": "films"}}, "source a: kind is 'films', there are rendered_store"),
        ({"a": {"kind": "rendered_store", "folder": "train", "colour": 1}}, "source a: .*colour"),
    ],
)
def test_mistakes_in_sources_are_named(stores, blocks, message):
    with pytest.raises(ValueError, match=message):
        open_source(PointTask(PointNetwork()), blocks, 0, stores)
    with pytest.raises(FileNotFoundError, match="nowhere is no store"):
        open_source(PointTask(PointNetwork()), {"a": {"kind": "rendered_store", "folder": "nowhere"}}, 0, stores)


@pytest.mark.parametrize("augmentation", [None, {"rotation_deg": 10.0}])
def test_hands_are_trained_on_and_evaluated_at_the_end(stores, tmp_path, augmentation):
    config = point_config(evaluation={"sections": ["source", "rotation"], "absolute": True}, augmentation=augmentation)
    task = PointTask(PointNetwork())
    source, held_back = training_source(task, config, stores), held_back_batches(task, config, stores)
    train(task, config, tmp_path, source=source, held_back=held_back)
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    assert set(figures) == {"all", "source", "rotation"}
    assert 0.0 < figures["all"]["error_2d"]["value"] < 0.5
    assert figures["all"]["aligned_mm"]["value"] > 0.0
    assert figures["rotation"]["worst_over_upright"] > 1.0  # it says the same for every angle


def test_unknown_settings_of_augmentation_and_evaluation_are_named(stores, tmp_path):
    task = PointTask(PointNetwork())
    for block in ("augmentation", "evaluation"):
        config = point_config(**{block: {"wings": 2}})
        with pytest.raises(ValueError, match=f"{block}: .*wings"):
            train(task, config, tmp_path / block, source=training_source(task, config, stores),
                  held_back=held_back_batches(task, config, stores))  # fmt: skip


def test_a_source_that_cannot_skip_begins_with_another_seed_when_a_training_continues(stores):
    class Unskippable(type(toy_task(toy_config()))):
        def source(self, settings, seed, stores):
            source = super().source(settings, seed, stores)
            return type("Plain", (), {"batch": source.batch})()

    task = Unskippable(PointNetwork())
    first, later = (training_source(task, toy_config(), stores, start=start).batch(4).inputs for start in (0, 10))
    assert not torch.equal(first, later)
