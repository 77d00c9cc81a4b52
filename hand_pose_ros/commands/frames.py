"""``hand_pose_ros frames``: stores of whole images, which the localiser is trained and tested on."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("frames", help="whole images for the localiser", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="rendered|photographs|negatives|pictures")
    rendered = actions.add_parser("rendered", help="images of 0 to 3 rendered hands; run again, it continues")
    rendered.add_argument("--processes", type=int, default=1, help="renderers at the same time (default 1)")
    rendered.add_argument("--persons", action="store_true", help="a person in every image with hands, whole ones too")
    photographs = actions.add_parser("photographs", help="photographs whose hands a teacher labels")
    photographs.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="one source each, by its name")
    photographs.add_argument("--model", default="mediapipe_full", help="the teacher (default mediapipe_full)")
    negatives = actions.add_parser("negatives", help="images without hands, to count false positives on")
    negatives.add_argument("--photographs", type=Path, required=True, metavar="STORE", help="written by `photographs`")
    negatives.add_argument("--sources", nargs="*", default=[], help="of that store (default all)")
    negatives.add_argument("--pictures", action="store_true", help="JPEG files in a folder per kind, not a store")
    pictures = actions.add_parser("pictures", help="pictures without hands, for training's backgrounds")
    pictures.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="such as unpacked Debian packages")
    pictures.add_argument("--most", type=int, default=1000, help="pictures of each folder (default 1000)")
    pictures.add_argument("--seed", type=int, default=0)
    pictures.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    pictures.add_argument("--model", default="mediapipe_full", help="lists where it sees hands in DIR/doubtful.txt")
    for action in (rendered, negatives):
        action.add_argument("--count", type=int, required=True, help="images (negatives: of each kind)")
        action.add_argument("--seed", type=int, default=0)
        action.add_argument("--split", default="train" if action is rendered else "held_back", help="training/split.py")
        action.add_argument("--makehuman", type=Path, metavar="DIR", help="else $HAND_POSE_ROS_MAKEHUMAN")
        action.add_argument("--backgrounds", type=Path, nargs="*", default=[], metavar="DIR", help="pictures behind")
    for action in (rendered, photographs, negatives):
        action.add_argument("--output", type=Path, required=True, metavar="STORE", help="folder to write to")
        action.add_argument("--size", type=int, default=256, help="longer side, pixels (default 256)")
    return parser


def main(args: argparse.Namespace) -> int:
    """Make the store; 1 with the reason if that is impossible."""
    from rich.console import Console

    from hand_pose_ros.training.renderer.context import NoContextError

    console = Console(stderr=True)
    try:
        made = ACTIONS[args.action](args, console)
    except (OSError, ValueError, RuntimeError, NoContextError) as error:
        console.print(f"[red]frames: {error}[/red]")
        return 1
    print(f"{args.output}: {made}")
    return 0


def _rendered(args, console) -> str:
    from rich.progress import Progress

    from hand_pose_ros.training.sources.frames_rendered import FramePlan, make_rendered_frames

    plan = FramePlan(
        args.output, args.count, args.size, args.seed, args.split, args.makehuman, tuple(args.backgrounds),
        args.persons,
    )  # fmt: skip
    with Progress(console=console) as bar:
        task = bar.add_task("images", total=args.count)
        drawn = make_rendered_frames(plan, args.processes, lambda rows: bar.advance(task, rows))
    return f"{drawn} images drawn"


def _photographs(args, console) -> str:
    from rich.progress import Progress

    from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
    from hand_pose_ros.networks.build import load_model
    from hand_pose_ros.training.sources.frames_photographs import LOWEST, make_photograph_frames, photograph_paths
    from hand_pose_ros.training.sources.frames_store import HANDS

    settings = EstimatorSettings(max_hands=HANDS, min_score=LOWEST, min_presence=LOWEST)
    teacher = HandEstimator(load_model(args.model), settings)
    sources = {folder.resolve().name: folder for folder in args.folders}
    with Progress(console=console) as bar:
        task = bar.add_task("photographs", total=sum(len(photograph_paths(folder)) for folder in args.folders))
        count = make_photograph_frames(args.output, sources, teacher, args.size, lambda rows: bar.advance(task, rows))
    return f"{count} photographs of {', '.join(sources)}"


def _negatives(args, console) -> str:
    from hand_pose_ros.training.sources.frames_negatives import make_negatives
    from hand_pose_ros.training.sources.frames_store import FrameStore

    photographs = FrameStore(args.photographs, sources=args.sources)
    made = make_negatives(
        args.output, args.count, args.seed, args.makehuman, args.backgrounds, photographs, args.size, args.split,
        args.pictures,
    )  # fmt: skip
    return ", ".join(f"{count} {name}" for name, count in made.items())


def _pictures(args, console) -> str:
    from hand_pose_ros.estimator import HandEstimator
    from hand_pose_ros.networks.build import load_model
    from hand_pose_ros.training.sources.pictures import gather, with_hands

    made = gather(args.folders, args.output, args.most, args.seed)
    doubtful = with_hands(args.output, HandEstimator(load_model(args.model)))
    (args.output / "doubtful.txt").write_text("".join(f"{path.name}\n" for path in doubtful))
    counts = ", ".join(f"{count} {name}" for name, count in made.items())
    return f"{counts}; look at the {len(doubtful)} of doubtful.txt and delete those with hands"


ACTIONS = {"rendered": _rendered, "photographs": _photographs, "negatives": _negatives, "pictures": _pictures}
