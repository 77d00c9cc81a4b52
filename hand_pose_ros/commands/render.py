"""``hand_pose_ros render``: hands drawn from the MakeHuman files: demo clip, contact sheets, labelled images, speed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hand_pose_ros.training.split import SPLITS


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("render", help="draw hands with exact labels", description=__doc__)
    names = "clip|poses|crops|frames|store|speed|coverage|contacts"
    actions = parser.add_subparsers(dest="action", required=True, metavar=names)
    clip = actions.add_parser("clip", help="the demo clip with its ground truth")
    clip.add_argument("--output", type=Path, default=Path("demo"), help="folder to write to (default demo)")
    poses = actions.add_parser("poses", help="contact sheet of the named poses, or of random ones")
    poses.add_argument("--output", type=Path, default=Path("poses.png"), help="picture to write (default poses.png)")
    poses.add_argument("--random", type=int, default=0, metavar="N", help="N draws of the pose prior instead")
    crops = actions.add_parser("crops", help="contact sheet of random training crops with their labels")
    crops.add_argument("--output", type=Path, default=Path("crops.png"), help="picture to write (default crops.png)")
    crops.add_argument("--count", type=_positive, default=96, help="how many crops (default 96)")
    crops.add_argument("--no-labels", action="store_true", help="do not draw the labels")
    crops.add_argument("--backgrounds", type=Path, nargs="*", default=[], help="folders of photographs to stand behind")
    frames = actions.add_parser("frames", help="whole images with hands and an index.json, for evaluate")
    frames.add_argument("--output", type=Path, default=Path("rendered"), help="folder to write to (default rendered)")
    frames.add_argument("--count", type=_positive, default=200, help="how many images (default 200)")
    frames.add_argument("--width", type=_positive, default=640, help="pixels (default 640)")
    frames.add_argument("--height", type=_positive, default=480, help="pixels (default 480)")
    frames.add_argument(
        "--backgrounds", type=Path, nargs="*", default=[], help="folders of photographs to stand behind"
    )
    store = actions.add_parser("store", help="training crops on disk, made once; continues where it was stopped")
    store.add_argument("--output", type=Path, required=True, help="folder to write to")
    store.add_argument("--count", type=int, default=40_000, help="how many crops (default 40000)")
    store.add_argument("--size", type=_positive, default=160, help="pixels per side (default 160)")
    store.add_argument("--split", choices=SPLITS, default="train", help="which skins and poses (default train)")
    store.add_argument("--processes", type=_positive, default=2, help="renderers at the same time (default 2)")
    store.add_argument("--backgrounds", type=Path, nargs="*", default=[], help="folders of photographs to stand behind")
    speed = actions.add_parser("speed", help="crops per second")
    speed.add_argument("--processes", type=_positive, default=2, help="renderers at the same time (default 2)")
    coverage = actions.add_parser("coverage", help="how far photographed hands are from the pose prior")
    coverage.add_argument("--photographs", type=Path, required=True, help="store that pseudo_label wrote")
    coverage.add_argument("--draws", type=_positive, default=20_000, help="of the prior (default 20000)")
    contacts = actions.add_parser("contacts", help="how well pinches and the like close on random hands")
    contacts.add_argument("--count", type=_positive, default=20, help="how many hands (default 20)")
    contacts.add_argument("--depths", action="store_true", help="how deep parts of the hand lie in each other instead")
    contacts.add_argument("--draws", type=int, default=0, metavar="N", help="with --depths: N draws of the prior too")
    for action in (crops, speed):
        action.add_argument("--size", type=_positive, default=128, help="pixels per side (default 128)")
    for action in (clip, poses, crops, frames, store, speed, contacts):
        action.add_argument("--makehuman", metavar="DIR", help="MakeHuman's data folder, else $HAND_POSE_ROS_MAKEHUMAN")
    for action in (poses, crops, frames, store, coverage, contacts):
        action.add_argument("--seed", type=int, default=0, help="another seed, other hands (default 0)")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text}: give a number from 1 to 100000")
    return value


def main(args: argparse.Namespace) -> int:
    """Run the action; 1 if the MakeHuman files or an OpenGL context are missing."""
    from hand_pose_ros.training.renderer.context import NoContextError

    try:
        return ACTIONS[args.action](args)
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


def _crops(args) -> int:
    from hand_pose_ros.training.renderer.crop_sheet import write_crop_sheet

    labels = not args.no_labels
    write_crop_sheet(args.makehuman, args.output, args.count, args.seed, args.size, labels, args.backgrounds)
    print(f"{args.count} crops of {args.size} px: {args.output}")
    return 0


def _frames(args) -> int:
    from rich.progress import Progress

    from hand_pose_ros.training.renderer.frame_folder import write_frames
    from hand_pose_ros.training.renderer.frames import FrameRenderer

    renderer = FrameRenderer(args.makehuman, args.width, args.height, args.seed, args.backgrounds, 1, 2)
    with Progress() as bar:
        task = bar.add_task("images", total=args.count)
        hands = write_frames(renderer, args.output, args.count, lambda: bar.advance(task))
    print(f"{args.count} images with {hands} hands: {args.output}/index.json")
    return 0


def _store(args) -> int:
    from rich.progress import Progress

    from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
    from hand_pose_ros.training.sources.store_making import StorePlan, make_store, store_scenes

    MakeHumanFolder(args.makehuman)  # says what is missing before processes start
    scenes = store_scenes(args.split)
    plan = StorePlan(args.output, args.count, args.size, args.seed, scenes, args.makehuman, args.backgrounds)
    with Progress() as bar:
        task = bar.add_task("crops", total=args.count)
        drawn = make_store(plan, args.processes, lambda rows: bar.advance(task, rows))
    print(f"{drawn} crops drawn, {args.count} in all: {args.output}")
    return 0


def _speed(args) -> int:
    from threading import BrokenBarrierError

    from hand_pose_ros.training.renderer.crop_sheet import crops_per_second
    from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder

    MakeHumanFolder(args.makehuman)  # says what is missing before processes start
    try:
        rate = crops_per_second(args.makehuman, args.size, args.processes)
    except BrokenBarrierError:
        raise OSError("a renderer process failed (its message stands above)") from None
    print(f"{rate:.0f} crops/s of {args.size} px with {args.processes} processes")
    return 0


def _coverage(args) -> int:
    from hand_pose_ros.training.poses.coverage import coverage

    print(coverage(args.photographs, args.draws, seed=args.seed))
    return 0


def _contacts(args) -> int:
    from hand_pose_ros.training.renderer.contact_check import contact_gaps, gap_table
    from hand_pose_ros.training.renderer.flesh_check import depth_table, drawn_depths, named_depths

    if args.depths:
        named = named_depths(args.makehuman, args.count, args.seed)
        print(depth_table(named, drawn_depths(args.makehuman, args.draws, args.seed) if args.draws > 0 else []))
        return 0
    print(gap_table(contact_gaps(args.makehuman, args.count, args.seed)))
    return 0


ACTIONS = {
    "clip": _clip, "poses": _poses, "crops": _crops, "frames": _frames, "store": _store, "speed": _speed,
    "coverage": _coverage, "contacts": _contacts,
}  # fmt: skip
