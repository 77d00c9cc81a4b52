"""``hand_pose_ros train``: train a network from a configuration; run it again to continue where it stopped."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("train", help="train a network", description=__doc__)
    parser.add_argument("config", type=Path, help="YAML file, see config/training/")
    parser.add_argument("--output", type=Path, required=True, help="folder for checkpoint, weights, curves, figures")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--steps", type=int, help="end after so many, instead of the configuration's budget")
    parser.add_argument("--minutes", type=float, help="end after so many, instead of the configuration's")
    parser.add_argument("--batch", type=int, help="examples per step over all processes")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of torch; 0: its default")
    parser.add_argument("--processes", type=int, default=1, help="train in so many processes, a GPU each")
    parser.add_argument("--stores", type=Path, help="folder of the data (default $HAND_POSE_ROS_STORES, else stores)")
    parser.add_argument("--makehuman", type=Path, help="MakeHuman's files (default $HAND_POSE_ROS_MAKEHUMAN)")
    parser.add_argument("--renderers", type=int, default=0, help="processes that draw; 0: one per core")
    parser.add_argument("--feeders", type=int, default=0, help="processes that put batches together; 0: a thread")
    return parser


class Stopped(Exception):  # noqa: N818 - no error
    """A signal ended the training early, after it was saved."""

    def __init__(self, interrupt):
        super().__init__(interrupt.name)
        self.status = interrupt.status


def main(args: argparse.Namespace) -> int:
    """Train, write weights and ``figures.json``; 1 with the reason if that is impossible, 130 after Ctrl-C."""
    from rich.console import Console

    console = Console(stderr=True)
    try:
        if args.processes > 1 and "WORLD_SIZE" not in os.environ:
            return _many(args.processes)
        figures = _train(args, console)
    except Stopped as stopped:
        console.print(f"stopped by {stopped}; the same command continues", highlight=False)
        return stopped.status
    except (OSError, ValueError, RuntimeError, ArithmeticError, ImportError) as error:
        console.print(f"[red]train: {error}[/red]", highlight=False, soft_wrap=True)
        return 1
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(figures, indent=1))
    return 0


def _many(count: int) -> int:
    import sys

    from hand_pose_ros.training.trainer.launch import run_processes

    with _noted_signals() as interrupt:
        return run_processes(count, sys.argv[1:], lambda: interrupt.number)


@contextmanager
def _noted_signals() -> Iterator:
    """Signals that ask us to stop are noted inside; before and after they end us as always."""
    from hand_pose_ros.commands._interrupt import Interrupt

    interrupt = Interrupt()
    try:
        yield interrupt
    finally:
        interrupt.release()


def _train(args, console) -> dict:
    import torch
    import yaml

    from hand_pose_ros.networks.device import resolve_device

    torch.set_num_threads(args.threads or torch.get_num_threads())
    device, content = resolve_device(args.device), yaml.safe_load(args.config.read_text())
    if isinstance(content, dict) and content.get("network") == "lifter":
        return _train_lifter(args, content, device, console)
    return _train_task(args, device, console)


def _train_task(args, device: str, console) -> dict:
    from hand_pose_ros.training.trainer.checkpoint import stored_step
    from hand_pose_ros.training.trainer.config import read_config
    from hand_pose_ros.training.trainer.data import Stores, close, held_back_batches, training_source
    from hand_pose_ros.training.trainer.processes import join_world, leave_world
    from hand_pose_ros.training.trainer.report import Report
    from hand_pose_ros.training.trainer.trainer import train

    config = read_config(args.config).with_budget(args.steps, args.minutes, args.batch)
    folder = args.stores or Path(os.environ.get("HAND_POSE_ROS_STORES", "stores"))
    stores = Stores(folder, args.makehuman, args.renderers)
    world, device = join_world(device)
    with ExitStack() as ending:
        ending.callback(leave_world)
        task = config.build_task()
        with world.first_alone():  # it draws the stores that are missing
            held_back = held_back_batches(task, config, stores) if world.first else []
            start = stored_step(args.output / "checkpoint.pt")
            source = training_source(task, config, stores, world.rank, args.feeders, start)
        ending.callback(close, source)
        report = ending.enter_context(_report(config, args.output, console) if world.first else Report())
        interrupt = ending.enter_context(_noted_signals())
        options = {"source": source, "held_back": held_back, "report": report, "world": world}
        figures = train(task, config, args.output, device, stop=lambda: interrupt.number != 0, **options)
        if interrupt.number:
            raise Stopped(interrupt)
        return figures


def _report(config, folder: Path, console):
    from hand_pose_ros.training.trainer.curves import Curves
    from hand_pose_ros.training.trainer.progress_bar import ProgressBar
    from hand_pose_ros.training.trainer.report import Reports

    return Reports([ProgressBar(console, config.schedule.steps), Curves(folder)])


def _train_lifter(args, content: dict, device: str, console) -> dict:
    """The lifter has a loop of its own: its batches are made of skeletons, thousands at a time."""
    from dataclasses import replace

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from hand_pose_ros.training.lifting.train_lifter import load_weights, train, validate

    config = _lifter_config(args.config, content)
    config = replace(config, steps=args.steps or config.steps, batch=args.batch or config.batch)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("making poses", total=config.steps)

        def report(step, loss, distance):
            progress.update(task, completed=step, description=f"joint error {distance:.3f} hand scales")

        weights = train(config, args.output, device, report)
    figures = validate(load_weights(config, weights), config, args.output)
    (args.output / "figures.json").write_text(json.dumps(figures, indent=1))
    return figures | {"weights": str(weights)}


def _lifter_config(path: Path, content: dict):
    """``LifterConfig`` of the file's content. ValueError naming what is unknown."""
    from dataclasses import fields

    from hand_pose_ros.training.lifting.train_lifter import LifterConfig
    from hand_pose_ros.training.lifting.views import Noise

    content = {name: value for name, value in content.items() if name != "network"}
    if content.get("teacher_noise"):
        content["teacher_noise"] = str(path.parent / content["teacher_noise"])
    noise = content.pop("noise", {})
    for kind, given in ((LifterConfig, content), (Noise, noise)):
        unknown = set(given) - {item.name for item in fields(kind)}
        if unknown:
            raise ValueError(f"{path}: unknown settings {', '.join(sorted(unknown))}")
    return LifterConfig(**content, noise=Noise(**noise))
