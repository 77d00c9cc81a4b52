"""``hand_pose_ros pseudo_label``: label photographs by a teacher, keep the hands on which it agrees with itself."""

from __future__ import annotations

import argparse
from pathlib import Path

COLUMNS = ("photographs", "hands", "cut_out", "negatives", "no place")


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("pseudo_label", help="label photographs for training", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="folders of photographs")
    parser.add_argument("--output", type=Path, required=True, metavar="STORE", help="folder to write to")
    parser.add_argument(
        "--hold-back", nargs="*", default=[], metavar="NAME[:SHARE]",
        help="sources (folders) for STORE_held_back; with a share, the end of the source",
    )  # fmt: skip
    parser.add_argument("--model", default="mediapipe_lifted", help="the teacher (default mediapipe_lifted)")
    parser.add_argument("--size", type=int, default=160, help="pixels per side of a crop (default 160)")
    parser.add_argument("--processes", type=int, default=1, help="teachers at the same time (default 1)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N photographs, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main(args: argparse.Namespace) -> int:
    """Label, write, say what was taken and why the rest was not."""
    from rich.console import Console
    from rich.progress import Progress

    from hand_pose_ros.training.pseudo_labels.photograph_list import photographs
    from hand_pose_ros.training.pseudo_labels.photograph_store import LabelPlan, make_photograph_store

    console = Console(stderr=True)
    try:
        plan = LabelPlan(tuple(args.folders), args.output, tuple(args.hold_back), args.size, args.model, args.seed)
        count = len(photographs(plan.folders, plan.hold_back))
        with Progress(console=console) as bar:
            task = bar.add_task("photographs", total=min(args.limit or count, count))
            stores = make_photograph_store(plan, args.processes, args.limit, lambda n: bar.advance(task, n))
    except (OSError, ValueError, RuntimeError) as error:
        console.print(f"[red]pseudo_label: {error}[/red]")
        return 1
    for folder, counts in stores.items():
        _print(folder, counts)
    return 0


def _print(folder: str, counts: dict):
    from rich.console import Console
    from rich.table import Table

    reasons = sorted({name for counted in counts.values() for name in counted} - set(COLUMNS))
    table = Table("source", *COLUMNS, *reasons, title=folder)
    total = sum(counts.values(), type(next(iter(counts.values())))()) if counts else {}
    for source, counted in [*sorted(counts.items()), ("all", total)]:
        table.add_row(source, *(str(counted.get(name, 0)) for name in (*COLUMNS, *reasons)))
    Console(width=200).print(table)
