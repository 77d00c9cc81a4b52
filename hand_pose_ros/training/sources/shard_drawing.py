"""Draws the missing shards of a store with several processes; stopped and started again, it continues."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hand_pose_ros.training.sources.shards import shard_path, write_description


def shard_sizes(count: int, shard: int) -> list[int]:
    """Rows of every shard of a store of ``count`` rows."""
    return [min(shard, count - start) for start in range(0, count, shard)]


def draw_missing(
    plan: Any, sizes: list[int], draw: Callable[[tuple], int], processes: int, progress: Callable[[int], None]
) -> int:
    """Call ``draw((plan, number, rows))`` for the shards that ``plan.folder`` lacks; the number of rows drawn.

    ``plan`` has ``folder`` and ``description()``; ``progress`` is told of every shard's rows. Every shard is drawn by a
    fresh process: another pool of shapes and backgrounds, and no OpenGL context to leak.
    """
    folder = Path(plan.folder)
    write_description(folder, plan.description())
    missing = [(plan, number, rows) for number, rows in enumerate(sizes) if not shard_path(folder, number).exists()]
    os.environ["LP_NUM_THREADS"] = "1"  # Mesa's: one core per renderer
    drawn = 0
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        for rows in pool.imap_unordered(draw, missing, chunksize=1):
            drawn += rows
            progress(rows)
    return drawn
