"""``train``: the loop that every network of the package is trained by. Run it again and it continues."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.feed import Feed
from hand_pose_ros.training.trainer.final_evaluation import write_evaluation
from hand_pose_ros.training.trainer.preparation import Preparation
from hand_pose_ros.training.trainer.processes import World
from hand_pose_ros.training.trainer.report import Moment, Report
from hand_pose_ros.training.trainer.run import Run
from hand_pose_ros.training.trainer.task import Task

SAVE_EVERY_S, REPORT_EVERY = 60.0, 20


def train(
    task: Task,
    config: TrainConfig,
    folder: Path,
    device: str = "cpu",
    *,
    source: Any,
    held_back: Sequence[Any] = (),
    report: Report | None = None,
    stop: Callable[[], bool] = lambda: False,
    world: World | None = None,
) -> dict[str, float]:
    """Train to the end of the schedule, continuing ``folder/checkpoint.pt``; the last validation's figures.

    ``source``: this process's; ``source.batch(count)`` gives its next examples. ``held_back``: batches for validation.
    ``stop``: asked before every step; True saves and ends early, for the next run to continue. Writes checkpoint.pt
    every minute, <name>.safetensors at the end and <name>_best.safetensors whenever validation was best. ValueError if
    the folder holds another configuration's training; FloatingPointError when the loss is no number.
    """
    report, world = report or Report(), world or World()
    run = Run(task, config, folder, device, world)
    prepare = Preparation(task, config, device, world.rank)
    held_back = [prepare(batch, index, augment=False) for index, batch in enumerate(held_back)] if world.first else []
    every, saved, figures = config.schedule.validate_every, time.monotonic(), dict(run.state.figures)
    pace = _Pace()
    with Feed(source, world.share(config.schedule.batch), run.state.step, device) as feed:
        while run.begin_step() < 1.0 and not world.any(stop()):
            batch = prepare(next(feed), run.state.step, run.phase.augment)
            losses, norm = run.learn(batch)
            step = run.state.step
            pace.add(config.schedule.batch)
            if step % REPORT_EVERY == 0 or step == 1:
                report.moment(_moment(run, losses, norm, pace, feed))
            if every and step % every == 0:
                figures = run.validate(held_back, report)
            if time.monotonic() - saved > SAVE_EVERY_S:
                _check(run, losses)
                run.save()
                saved = time.monotonic()
    finished = run.progress >= 1.0
    if finished:
        figures = run.finish(held_back, report)
    run.save()
    if finished and world.first and config.evaluation is not None:
        write_evaluation(task, run.averaged.network, held_back, config.evaluation, folder / "evaluation.json")
    return figures


class _Pace:
    """Examples and waiting since the last report."""

    def __init__(self):
        self._began, self._examples, self._waited_s = time.monotonic(), 0, 0.0

    def add(self, examples: int) -> None:
        self._examples += examples

    def read(self, waited_s: float) -> tuple[float, float]:
        """Examples per second and share of waiting since the last reading; ``waited_s`` is counted from the start."""
        now = time.monotonic()
        passed = max(now - self._began, 1e-9)
        result = self._examples / passed, min((waited_s - self._waited_s) / passed, 1.0)
        self._began, self._examples, self._waited_s = now, 0, waited_s
        return result


def _moment(run: Run, losses: dict[str, torch.Tensor], norm: torch.Tensor, pace: _Pace, feed: Feed) -> Moment:
    values = _check(run, losses)
    speed, waiting = pace.read(feed.waited_s)
    return Moment(
        run.state.step, run.progress, run.left_s(), run.phase.name, values, run.learning_rate, float(norm), speed,
        waiting,
    )  # fmt: skip


def _check(run: Run, losses: dict[str, torch.Tensor]) -> dict[str, float]:
    values = {name: float(value.detach()) for name, value in losses.items()}
    if not math.isfinite(values["loss"]):
        shown = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        raise FloatingPointError(f"step {run.state.step}: {shown}; lower the learning rate, or look for NaN in labels")
    return values
