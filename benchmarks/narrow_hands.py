"""The crops of ``benchmarks.ablations``: a narrow slice of what the renderer draws, for small networks."""

from __future__ import annotations

from pathlib import Path

from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.viewpoint import ViewSettings
from hand_pose_ros.training.sources.store_making import StorePlan, make_store
from hand_pose_ros.training.split import HELD_BACK, TRAIN

SIZE = 64
VIEWS = ViewSettings(
    near_m=0.3, far_m=1.0, off_axis=0.1, smallest=0.65, largest=0.8, shift=0.03, roll_deg=8.0, frontal=1.0,
    frontal_deg=12.0,
)  # fmt: skip
HELD_BACK_CROPS = 800
EMPTY = {TRAIN: 0.1, HELD_BACK: 0.25}
"""Crops without a hand, for the question whether there is one."""
SEEDS = {TRAIN: 11, HELD_BACK: 1011}


def narrow_scenes(split: str) -> SceneSettings:
    """One right hand, upright, palm or back to the camera, before a background."""
    alone = {"left": 0.0, "second_hand": 0.0, "held": 0.0, "occluder": 0.0, "person": 0.0}
    return SceneSettings(**alone, empty=EMPTY[split], split=split, view=VIEWS)


def draw_stores(folder: Path, count: int, makehuman: Path | None, processes: int) -> None:
    """``folder``/train with ``count`` crops and ``folder``/held_back, unless they are there."""
    for split, crops in ((TRAIN, count), (HELD_BACK, HELD_BACK_CROPS)):
        plan = StorePlan(folder / split, crops, SIZE, SEEDS[split], narrow_scenes(split), makehuman)
        make_store(plan, processes)
