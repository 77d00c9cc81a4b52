"""From the configuration's ``sources`` to something with ``batch(count)``: stores, photographs, live renderers, mixed.

    sources:
      rendered: {kind: rendered_store, folder: train, share: 0.8, render: {count: 4000, split: train}}
      photographs: {kind: photographs, folder: photos, share: 0.1}
      published: {kind: samples, datasets: ["rhd:/data/RHD_published_v2:training"], share: 0.1}

``kind`` is a module of ``training/sources``; a relative ``folder`` lies below ``Stores.folder``; what else is given are
the source's own arguments. A store with ``render`` is drawn first if it lacks that many crops.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.feeders import Feeders
from hand_pose_ros.training.trainer.task import Task

KINDS = {
    "rendered_store": ("rendered_store", "RenderedStore"),
    "photographs": ("photographs", "PhotographStore"),
    "live_renderer": ("live_renderer", "LiveRenderer"),
    "samples": ("samples", "SampleSource"),
}
HELD_BACK_SEED = 1_000_003
SEEDS_APART = 7919
"""Between the seeds of two processes' sources."""
FEEDERS_APART, STARTS_APART = 104_729, 15_485_863


@dataclass(frozen=True)
class Stores:
    """What the machine, not the configuration, says about data."""

    folder: Path = Path("stores")
    makehuman: Path | None = None
    processes: int = 0
    """Renderers at the same time; 0: as many as there are cores."""

    def renderers(self) -> int:
        """The number of renderers."""
        return self.processes or len(os.sched_getaffinity(0))


def training_source(
    task: Task, config: TrainConfig, stores: Stores, rank: int = 0, feeders: int = 0, start: int = 0
) -> Any:
    """What this process trains on, computed by so many processes of their own (0: by this one).

    ``start``: the step at which a training continues. A source that cannot ``skip`` begins with another seed then.
    """
    seed = config.seed + SEEDS_APART * rank
    source = open_source(task, config.sources, seed, stores)
    if not feeders and (hasattr(source, "skip") or not start):
        return source
    close(source)
    if not hasattr(source, "skip"):
        seed += STARTS_APART * start
    if not feeders:
        return open_source(task, config.sources, seed, stores)
    return Feeders(partial(feeding_source, config, stores, seed), feeders)


def feeding_source(config: TrainConfig, stores: Stores, seed: int, feeder: int) -> Any:
    """The source of one feeding process."""
    return open_source(config.build_task(), config.sources, seed + FEEDERS_APART * feeder, stores)


def held_back_batches(task: Task, config: TrainConfig, stores: Stores) -> list[Any]:
    """The batches of the validation: always the same ones."""
    validation = config.validation
    if not validation.sources:
        return []
    source = open_source(task, validation.sources, HELD_BACK_SEED, stores)
    sizes = [min(validation.batch, validation.count - start) for start in range(0, validation.count, validation.batch)]
    batches = [source.batch(size) for size in sizes]
    close(source)
    return batches


def open_source(task: Task, blocks: dict, seed: int, stores: Stores) -> Any:
    """The task's own source, or those that the blocks name. ValueError naming what is wrong with them."""
    own = task.source(blocks, seed, stores)
    if own is not None:
        return own
    if not blocks:
        raise ValueError("the configuration names no sources: see docs/training.md")
    opened = [
        _open(name, dict(block), seed + 101 * index, stores) for index, (name, block) in enumerate(blocks.items())
    ]
    if len(opened) == 1:
        return opened[0][0]
    from hand_pose_ros.training.sources.mixture import Mixture

    return Mixture(dict(opened), seed=seed)


def close(source: Any) -> None:
    """End a source's processes, if it has any."""
    if hasattr(source, "close"):
        source.close()


def _open(name: str, block: dict, seed: int, stores: Stores) -> tuple[Any, float]:
    kind, share = block.pop("kind", None), float(block.pop("share", 1.0))
    if kind not in KINDS:
        raise ValueError(f"source {name}: kind is {kind!r}, there are {', '.join(KINDS)}")
    if "folder" in block:
        block["folder"] = stores.folder / str(block["folder"])
    if "backgrounds" in block:
        block["backgrounds"] = [stores.folder / str(place) for place in block["backgrounds"]]
    if kind == "live_renderer":
        block = {"makehuman": stores.makehuman, "processes": stores.renderers()} | block
    if "render" in block:
        from hand_pose_ros.training.trainer.store_rendering import render_missing

        render_missing(block["folder"], block.pop("render"), stores)
    module, kind_class = KINDS[kind]
    made = getattr(importlib.import_module(f"hand_pose_ros.training.sources.{module}"), kind_class)
    try:
        return made(**block, seed=seed), share
    except TypeError as error:
        raise ValueError(f"source {name}: {error}") from error
