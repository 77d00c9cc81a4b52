"""``hand_pose_ros teacher_noise``: learn from rendered hands what an image model gets wrong, to train lifters with."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "teacher_noise", help="learn a model's errors on rendered hands", description=__doc__
    )
    parser.add_argument("output", type=Path, help="file to write (.npz)")
    parser.add_argument(
        "--makehuman", type=Path, required=True, help="folder of the MakeHuman files (docs/renderer.md)"
    )
    parser.add_argument("--model", default="mediapipe_full", help="the model to watch")
    parser.add_argument("--count", type=int, default=5000, help="rendered hands")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--split", default="train", help="skins and named poses to draw: train, held_back or all")
    parser.add_argument(
        "--photographs", type=Path, metavar="STORE", help="of `frames photographs`: scores to expect there"
    )
    parser.add_argument("--sources", nargs="*", default=[], help="of that store (default all)")
    parser.add_argument(
        "--easier", type=float, default=0.0, help="by how much surer than it says the model may be there (logit / 4)"
    )
    parser.add_argument("--keep-pairs", type=Path, help="also write the pairs themselves (.npz)")
    return parser


def main(args: argparse.Namespace) -> int:
    """Render, watch, fit, write."""
    from rich.console import Console
    from rich.progress import Progress

    from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
    from hand_pose_ros.networks.build import load_model
    from hand_pose_ros.training.lifting.teacher_noise import fit, true_views
    from hand_pose_ros.training.lifting.teacher_pairs import collect
    from hand_pose_ros.training.lifting.teacher_scores import photographed_scores

    console = Console(stderr=True)
    try:
        estimator = HandEstimator(load_model(args.model, "auto", threads=1), EstimatorSettings(min_presence=0.3))
        with Progress(console=console) as progress:
            task = progress.add_task("hands", total=args.count)
            advance = partial(progress.advance, task)
            pairs = collect(estimator, args.makehuman, args.count, args.seed, advance, args.split)
        if args.keep_pairs:
            pairs.save(args.keep_pairs)
        views = true_views(pairs)
        photographs = photographed_scores(estimator, args.photographs, args.sources) if args.photographs else None
        fit(views, photographs, args.easier).save(args.output)
    except (OSError, ValueError, RuntimeError) as error:
        console.print(f"[red]teacher_noise: {error}[/red]")
        return 1
    error = (views["said_plane"] - views["plane"]).norm(dim=2).median()
    console.print(f"{len(pairs.left)} hands; median keypoint error {float(error):.3f} extents; {args.output}")
    return 0
