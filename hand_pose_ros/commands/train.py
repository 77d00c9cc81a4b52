"""``hand_pose_ros train``: train a network from a configuration; run it again to continue where it stopped."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("train", help="train a network", description=__doc__)
    parser.add_argument("config", type=Path, help="YAML file, see config/training/")
    parser.add_argument("--output", type=Path, required=True, help="folder for checkpoint, weights and figures")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--steps", type=int, help="instead of the configuration's")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of torch; 0: its default")
    return parser


def main(args: argparse.Namespace) -> int:
    """Train, validate, write ``lifter.safetensors`` and ``figures.json``; 1 with the reason if that is impossible."""
    from rich.console import Console

    console = Console(stderr=True)
    try:
        figures = _train(args, console)
    except (OSError, ValueError, RuntimeError) as error:
        console.print(f"[red]train: {error}[/red]")
        return 1
    print(json.dumps(figures, indent=1))
    return 0


def read_config(path: Path):
    """``LifterConfig`` from YAML. ValueError naming what is unknown or missing."""
    import yaml

    from hand_pose_ros.training.lifting.train_lifter import LifterConfig
    from hand_pose_ros.training.lifting.views import Noise

    content = yaml.safe_load(path.read_text())
    if not isinstance(content, dict) or content.pop("network", None) != "lifter":
        raise ValueError(f"{path}: `network: lifter` is expected, the one network that this command trains")
    if content.get("teacher_noise"):
        content["teacher_noise"] = str(path.parent / content["teacher_noise"])
    noise = content.pop("noise", {})
    for kind, given in ((LifterConfig, content), (Noise, noise)):
        unknown = set(given) - {item.name for item in fields(kind)}
        if unknown:
            raise ValueError(f"{path}: unknown settings {', '.join(sorted(unknown))}")
    return LifterConfig(**content, noise=Noise(**noise))


def _train(args, console) -> dict:
    from dataclasses import replace

    import torch
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from hand_pose_ros.networks.device import resolve_device
    from hand_pose_ros.training.lifting.train_lifter import load_weights, train, validate

    torch.set_num_threads(args.threads or torch.get_num_threads())
    config = read_config(args.config)
    config = replace(config, steps=args.steps or config.steps)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("making poses", total=config.steps)

        def report(step, loss, distance):
            progress.update(task, completed=step, description=f"joint error {distance:.3f} hand scales")

        weights = train(config, args.output, resolve_device(args.device), report)
    figures = validate(load_weights(config, weights), config, args.output)
    (args.output / "figures.json").write_text(json.dumps(figures, indent=1))
    return figures | {"weights": str(weights)}
