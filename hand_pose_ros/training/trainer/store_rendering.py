"""Draws a store of crops that a recipe needs and does not find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hand_pose_ros.training.sources.shards import DESCRIPTION, RENDERED, Shards
from hand_pose_ros.training.sources.store_making import StorePlan, make_store, store_scenes

if TYPE_CHECKING:
    from hand_pose_ros.training.trainer.data import Stores

DEFAULTS = {"count": 4000, "size": 160, "split": "train", "seed": 0, "backgrounds": []}


def crops_in(folder: Path) -> int:
    """How many crops the store holds; 0 if there is none."""
    return len(Shards(folder, RENDERED)) if (folder / DESCRIPTION).is_file() else 0


def render_missing(folder: Path, settings: dict, stores: Stores) -> None:
    """Draw until ``folder`` holds ``count`` crops; a store that holds them already is taken as it is.

    FileNotFoundError without the MakeHuman files; ValueError for unknown settings.
    """
    from rich.console import Console
    from rich.progress import Progress

    unknown = set(settings) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"render: unknown settings {', '.join(sorted(unknown))}; there are {', '.join(DEFAULTS)}")
    wanted = DEFAULTS | settings
    if crops_in(folder) >= wanted["count"]:
        return
    backgrounds = [stores.folder / str(place) for place in wanted["backgrounds"]]
    scenes = store_scenes(wanted["split"])
    plan = StorePlan(folder, wanted["count"], wanted["size"], wanted["seed"], scenes, stores.makehuman, backgrounds)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"drawing {folder}", total=wanted["count"], completed=crops_in(folder))
        make_store(plan, stores.renderers(), lambda rows: bar.advance(task, rows))
