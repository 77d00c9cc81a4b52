"""Stores on disk and what reads them: shards, rendered crops, photographs, mixtures."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT
from hand_pose_ros.training.sources.mixture import Mixture
from hand_pose_ros.training.sources.photographs import CENTRES, JOINT_TRUST, PhotographStore
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.sources.shards import PHOTOGRAPHS, RENDERED, Shards, write_description, write_shard

SIZE = 16


def rendered_rows(count: int, first: int = 0) -> dict[str, np.ndarray]:
    """Rows whose first pixel is their number; every fourth shows no hand."""
    random = np.random.default_rng(first)
    present = np.arange(first, first + count) % 4 != 3
    images = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    images[:, 0, 0] = np.arange(first, first + count)[:, None]
    joints = random.normal(0, 0.05, (count, 21, 3)).astype(np.float32) + [0.01, 0.02, 0.5]
    camera = np.float32([[60, 0, 7], [0, 60, 8], [0, 0, 1]])
    rays = joints @ camera.T
    scale = np.linalg.norm(joints[:, 0] - joints[:, 9], axis=1)
    return {
        "images": images, "segments": np.ones((count, SIZE, SIZE), np.uint8),
        "keypoints_px": (rays[..., :2] / rays[..., 2:]).astype(np.float32), "joints_m": joints.astype(np.float32),
        "visible": random.random((count, 21)) < 0.5, "camera_matrix": np.repeat(camera[None], count, 0),
        "left": np.arange(count) % 2 == 0, "present": present, "hand_scale_m": scale.astype(np.float32),
    }  # fmt: skip


def rendered(folder, counts=(5, 7)):
    write_description(folder, {"format": RENDERED, "size": SIZE})
    for number, count in enumerate(counts):
        write_shard(folder, number, rendered_rows(count, sum(counts[:number])))
    return folder


def photographs(folder, count=6):
    write_description(folder, {"format": PHOTOGRAPHS, "size": SIZE, "sources": ["a", "b"]})
    random = np.random.default_rng(0)
    segments = np.zeros((count, SIZE, SIZE), np.uint8)
    segments[0] = UNKNOWN_SEGMENT
    centres = random.random((count, 21, 2)).astype(np.float32)
    centres[1, 4] = np.nan
    write_shard(folder, 0, {
        "images": np.full((count, SIZE, SIZE, 3), 51, np.uint8), "segments": segments,
        "keypoints": random.random((count, 21, 2)).astype(np.float32),
        "confidence": random.random((count, 21)).astype(np.float32), "centres": centres,
        "joints": random.normal(size=(count, 21, 3)).astype(np.float32), "right": np.arange(count) % 2 == 1,
        "present": np.arange(count) != 5, "source": np.int16([0, 0, 1, 1, 0, 1]),
        "box": np.zeros((count, 4), np.float32),
    })  # fmt: skip
    return folder


def numbers(batch) -> list[int]:
    return (batch.images[:, 0, 0, 0] * 255).round().int().tolist()


def test_rows_of_all_shards_come_by_number_and_copies_leave_the_files_alone(tmp_path):
    shards = Shards(rendered(tmp_path), RENDERED)
    assert len(shards) == 12
    rows = shards.rows(np.array([11, 0, 5, 4]))
    assert rows["images"][:, 0, 0, 0].tolist() == [11, 0, 5, 4]
    rows["images"][:] = 99
    assert shards.rows(np.array([11]))["images"][0, 0, 0, 0] == 11
    with pytest.raises(IndexError, match="rows 3 to 12"):
        shards.rows(np.array([3, 12]))


def test_shards_that_are_completed_later_are_found_and_unfinished_ones_are_not(tmp_path):
    shards = Shards(rendered(tmp_path, (5,)), RENDERED)
    (tmp_path / ".shard_00001.77").mkdir()
    assert shards.refresh() == 5
    write_shard(tmp_path, 1, rendered_rows(7, 5))
    assert shards.refresh() == 12


def test_a_folder_without_a_store_and_one_made_otherwise_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is no store: it has no store\.json"):
        Shards(tmp_path, RENDERED)
    write_description(tmp_path, {"format": RENDERED, "size": SIZE, "seed": 1})
    write_description(tmp_path, {"format": RENDERED, "size": SIZE, "seed": 1})
    with pytest.raises(ValueError, match="a store with other seed"):
        write_description(tmp_path, {"format": RENDERED, "size": SIZE, "seed": 2})
    with pytest.raises(ValueError, match="not 'pseudo-labelled photographs 1'"):
        PhotographStore(tmp_path)
    with pytest.raises(ValueError, match="no complete shard yet"):
        RenderedStore(tmp_path).batch(1)


def test_every_crop_comes_once_before_any_comes_again_and_seeds_repeat(tmp_path):
    folder = rendered(tmp_path)
    store = RenderedStore(folder, seed=3)
    first = numbers(store.batch(8)) + numbers(store.batch(4))
    assert sorted(first) == list(range(12))
    assert sorted(numbers(store.batch(12))) == list(range(12))
    again, other = RenderedStore(folder, seed=3), RenderedStore(folder, seed=4)
    assert numbers(again.batch(12)) == first
    assert numbers(other.batch(12)) != first
    assert len(numbers(store.batch(30))) == 30


def test_new_shards_are_used_after_the_pass_that_was_under_way(tmp_path):
    store = RenderedStore(rendered(tmp_path, (5,)))
    store.batch(2)
    write_shard(tmp_path, 1, rendered_rows(7, 5))
    assert max(numbers(store.batch(3))) < 5
    assert sorted(numbers(store.batch(12))) == list(range(12))


def test_rendered_labels_are_fractions_and_normalised_joints_that_the_camera_sees_there(tmp_path):
    batch = RenderedStore(rendered(tmp_path)).rows(range(12))
    hands = batch.present > 0
    assert hands.sum() == 9
    assert batch.joints[hands][:, 9].abs().max() == 0
    torch.testing.assert_close(batch.joints[hands][:, 0].norm(dim=1), torch.ones(9))
    metres = batch.joints * batch.hand_scale[:, None, None] + batch.root[:, None]
    rays = metres @ batch.camera.transpose(1, 2)
    torch.testing.assert_close((rays[..., :2] / rays[..., 2:])[hands], batch.keypoints[hands], atol=1e-5, rtol=1e-4)
    pixel = torch.from_numpy(rendered_rows(5)["keypoints_px"][0, 0])
    torch.testing.assert_close(batch.keypoints[0, 0] * SIZE - 0.5, pixel)
    assert batch.right[0] == 0
    assert batch.right[1] == 1


def test_rows_without_a_hand_have_no_labels(tmp_path):
    batch = RenderedStore(rendered(tmp_path)).rows([3, 7])
    assert batch.present.tolist() == [0, 0]
    for name in ("keypoints", "keypoint_weight", "joints", "joint_weight"):
        assert (getattr(batch, name) == 0).all(), name
    for name in ("visible", "root", "hand_scale", "camera", "right"):
        assert getattr(batch, name).isnan().all(), name


def test_photographs_carry_the_teachers_confidence_and_say_what_they_do_not_know(tmp_path):
    store = PhotographStore(photographs(tmp_path))
    stored, batch = Shards(tmp_path, PHOTOGRAPHS).rows(np.arange(6)), store.rows(range(6))
    np.testing.assert_array_equal(batch.keypoint_weight[:5], stored["confidence"][:5])
    np.testing.assert_allclose(batch.joint_weight[:5], JOINT_TRUST * stored["confidence"][:5], rtol=1e-6)
    assert (batch.keypoint_weight[5] == 0).all()
    assert batch.right.tolist()[:5] == [0, 1, 0, 1, 0]
    assert batch.right[5].isnan()
    for name in ("visible", "root", "hand_scale", "camera"):
        assert getattr(batch, name).isnan().all(), name
    assert batch.real.tolist() == [1] * 6
    assert (batch.segments[0] == UNKNOWN_SEGMENT).all()
    assert batch.images.unique().tolist() == pytest.approx([0.2])
    assert store.source_of([0, 2]) == ["a", "b"]


def test_photographs_can_give_the_joints_centres_instead(tmp_path):
    folder = photographs(tmp_path)
    detected, centres = PhotographStore(folder).rows([1]), PhotographStore(folder, keypoints=CENTRES).rows([1])
    stored = Shards(folder, PHOTOGRAPHS).rows(np.array([1]))
    np.testing.assert_array_equal(detected.keypoints, stored["keypoints"])
    np.testing.assert_array_equal(centres.keypoints[0, :4], stored["centres"][0, :4])
    assert torch.equal(centres.keypoints[0, 4], detected.keypoints[0, 4])  # where the lifter does not say
    with pytest.raises(ValueError, match="keypoints is 'knuckles'"):
        PhotographStore(folder, keypoints="knuckles")


class Constant:
    """A source of one number."""

    def __init__(self, store, number):
        self._store, self._number = store, number

    def batch(self, count):
        rows = self._store.batch(count)
        rows.images = torch.full_like(rows.images, self._number / 255)
        return rows


def test_mixtures_keep_their_shares_over_batches_and_fill_every_batch(tmp_path):
    store = RenderedStore(rendered(tmp_path))
    mixture, seen = Mixture({Constant(store, 10): 3.0, Constant(store, 20): 1.0, Constant(store, 30): 0.0}), []
    for count in (5, 5, 6, 1, 3):
        batch = mixture.batch(count)
        assert len(batch) == count
        seen += numbers(batch)
    assert seen.count(10) == 15
    assert seen.count(20) == 5
    with pytest.raises(ValueError, match="positive share"):
        Mixture({Constant(store, 10): 0.0})


def test_the_description_is_plain_json(tmp_path):
    rendered(tmp_path)
    assert json.loads((tmp_path / "store.json").read_text()) == {"format": RENDERED, "size": SIZE}
