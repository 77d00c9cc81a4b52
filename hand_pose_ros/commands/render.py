"""``hand_pose_ros render``: hands drawn from the MakeHuman files: the demo clip, and contact sheets to look at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("render", help="draw hands with exact labels", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="clip|poses|crops")
    clip = actions.add_parser("clip", help="the demo clip with its ground truth")
    clip.add_argument("--output", type=Path, default=Path("demo"), help="folder to write to (default demo)")
    poses = actions.add_parser("poses", help="contact sheet of the named poses, or of random ones")
    poses.add_argument("--output", type=Path, default=Path("poses.png"), help="picture to write (default poses.png)")
    poses.add_argument("--random", type=int, default=0, metavar="N", help="N draws of the pose prior instead")
    for action in (clip, poses):
        action.add_argument("--makehuman", metavar="DIR", help="MakeHuman's data folder, else $HAND_POSE_ROS_MAKEHUMAN")
    poses.add_argument("--seed", type=int, default=0, help="another seed, other hands (default 0)")
    return parser


def main(args: argparse.Namespace) -> int:
    """Run the action; 1 if the MakeHuman files or an OpenGL context are missing."""
    from hand_pose_ros.training.renderer.context import NoContextError

    try:
        return {"clip": _clip, "poses": _poses}[args.action](args)
    except (OSError, ValueError, NoContextError) as error:
        print(f"render: {error}", file=sys.stderr)
        return 1


def _clip(args) -> int:
    from rich.progress import Progress

    from hand_pose_ros.training.renderer.demo_folder import FRAME_COUNT, write_demo

    with Progress() as bar:
        task = bar.add_task("frames", total=FRAME_COUNT)
        write_demo(args.makehuman, args.output, lambda: bar.advance(task))
    print(f"{FRAME_COUNT} frames, ground truth and calibration: {args.output}")
    return 0


def _poses(args) -> int:
    from hand_pose_ros.training.renderer.pose_sheet import write_pose_sheet

    count = write_pose_sheet(args.makehuman, args.output, args.random, args.seed)
    print(f"{count} poses from three sides: {args.output}")
    return 0
