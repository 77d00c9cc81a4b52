"""``hand_pose_ros evaluate``: systems against labelled images, side by side in one run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("evaluate", help="measure models on labelled images", description=__doc__)
    systems = "a model's name (NAME:unlifted: without its lifter), a .jsonl of `predict`, or mediapipe_package=PYTHON"
    parser.add_argument("system", nargs="+", help=systems)
    data_help = "index.json files or their folders; FORMAT:PATH[:PART] for rhd, stb, freihand, ... (docs/datasets.md)"
    parser.add_argument("--data", nargs="+", required=True, help=data_help)
    parser.add_argument("--output", type=Path, help="folder for figures (JSON), table, curves and worst cases (PNG)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--min-score", type=float, default=0.3, help="lowest score of a hand (default 0.3)")
    parser.add_argument("--max-hands", type=int, default=2, help="most hands per image (default 2)")
    parser.add_argument("--resamples", type=int, default=500, help="bootstrap resamples for the 95 %% intervals")
    return parser


def main(args: argparse.Namespace) -> int:
    """Evaluate, print the table, write the files; 1 if data or a system is unusable."""
    from rich.console import Console

    from hand_pose_ros.training.datasets.formats import read_dataset
    from hand_pose_ros.training.evaluation.evaluation import evaluate

    console = Console(stderr=True)
    try:
        samples = [sample for path in args.data for sample in read_dataset(path)]
        evaluations = [
            evaluate(_name(system), samples, _predict(system, samples, args, console)) for system in args.system
        ]
    except (OSError, ValueError, RuntimeError) as error:
        console.print(f"[red]evaluate: {error}[/red]")
        return 1
    results = [evaluation.as_dict(args.resamples) for evaluation in evaluations]
    _print(results)
    if args.output:
        _write(args.output, results, evaluations, samples)
        console.print(f"figures, curves and worst cases: {args.output}")
    return 0


def _name(system: str) -> str:
    return system.partition("=")[0] if "=" in system else Path(system).stem if system.endswith(".jsonl") else system


def _predict(system, samples, args, console):
    from rich.progress import Progress

    from hand_pose_ros.training.evaluation.system import predictions_of

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(_name(system), total=len(samples))
        return predictions_of(
            system, samples, device=args.device, min_score=args.min_score, max_hands=args.max_hands,
            progress=lambda count: progress.advance(task, count),
        )  # fmt: skip


def _print(results):
    from rich.console import Console
    from rich.table import Table

    from hand_pose_ros.training.evaluation.table import table_rows

    header, *rows = table_rows(results)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 180).print(table)


def _write(folder: Path, results, evaluations, samples):
    from hand_pose_ros.training.evaluation.contact_sheet import save_worst
    from hand_pose_ros.training.evaluation.plots import save_calibration, save_curves, save_presence
    from hand_pose_ros.training.evaluation.table import curve_rows, joint_rows, markdown, presence_rows, table_rows

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(results, indent=1))
    tables = (table_rows, curve_rows, presence_rows, joint_rows)
    (folder / "table.md").write_text("\n".join(markdown(rows(results)) for rows in tables))
    save_curves(evaluations, folder / "curves.png")
    save_calibration(evaluations, folder / "calibration.png")
    save_presence(evaluations, folder / "presence.png")
    for evaluation in evaluations:
        save_worst(evaluation, samples, folder / f"worst_{evaluation.system}.png")
