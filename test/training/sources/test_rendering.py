"""Renderer processes as a source, and the store they fill. Needs EGL and the MakeHuman files."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import torch

from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE
from hand_pose_ros.training.sources import store_making
from hand_pose_ros.training.sources.live_renderer import LiveRenderer
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.sources.shard_drawing import shard_sizes
from hand_pose_ros.training.sources.shards import shard_path
from hand_pose_ros.training.sources.store_making import StorePlan, make_store, store_scenes

FOLDER = os.environ.get(FOLDER_VARIABLE)

pytestmark = pytest.mark.makehuman


@pytest.mark.slow
def test_live_crops_are_the_renderers_own_and_a_seed_repeats_them():
    with LiveRenderer(FOLDER, size=32, seed=5, processes=1, rows=4) as source:
        first = source.batch(6)
        assert len(source.batch(3)) == 3
    from hand_pose_ros.training.renderer.crops import CropRenderer

    direct = CropRenderer(FOLDER, 32, [5, 0], store_scenes("train")).batch(4)
    expected = torch.from_numpy(direct.images).permute(0, 3, 1, 2).float() / 255
    torch.testing.assert_close(first.images[:4], expected)
    assert not any(process.is_alive() for process in source._processes)


def test_a_renderer_that_dies_is_reported():
    source = LiveRenderer(FOLDER, size=32, processes=1, backgrounds=["/nowhere"])
    with source, pytest.raises(RuntimeError, match="a renderer process ended with status 1"):
        source.batch(1)


def test_without_the_files_it_says_so_before_processes_start(tmp_path):
    with pytest.raises(FileNotFoundError):
        LiveRenderer(tmp_path)


@pytest.mark.slow
def test_a_stopped_store_is_continued_and_does_not_depend_on_the_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(store_making, "SHARD", 3)
    plan = StorePlan(tmp_path / "a", 5, 32, 9, store_scenes("held_back"), FOLDER)
    assert shard_sizes(plan.count, store_making.SHARD) == [3, 2]
    assert make_store(plan, 2) == 5
    whole = RenderedStore(plan.folder).rows(range(5))
    kept = shard_path(plan.folder, 0).stat().st_mtime_ns
    for file in shard_path(plan.folder, 1).iterdir():
        file.unlink()
    shard_path(plan.folder, 1).rmdir()
    assert make_store(plan, 1) == 2
    assert shard_path(plan.folder, 0).stat().st_mtime_ns == kept
    again = RenderedStore(plan.folder).rows(range(5))
    assert torch.equal(again.images, whole.images)
    assert torch.equal(again.keypoints, whole.keypoints)
    assert make_store(plan, 1) == 0
    with pytest.raises(ValueError, match="a store with other scenes, split"):
        make_store(replace(plan, scenes=store_scenes("train")), 1)
