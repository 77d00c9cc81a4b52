"""``hand_pose_ros run``: camera_node -> hand_pose_node -> visualization_node -> recorder_node over DDS, and a summary.

Exit status: 0 the source or --duration ended and hands messages were published; 1 nothing was published or a node
failed (the reason is printed); 2 wrong arguments; 130, 143 or 129 stopped by SIGINT (Ctrl-C), SIGTERM or SIGHUP, with
the results so far complete. A second signal ends everything at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "run", help="start all nodes on a video, folder or webcam", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "source", nargs="?", help="video file, folder of images, number of a webcam; default: a demo clip"
    )
    parser.add_argument("--source", dest="source_option", metavar="SOURCE", help="the same")
    add = parser.add_argument
    add("--output", type=Path, metavar="DIR", help="new folder for the results (default output/<date>-<time>)")
    add("--model", help="name of the model (`hand_pose_ros models list`)")
    add("--device", help="auto, cpu, cuda or cuda:N")
    add("--threads", type=int, help="CPU threads of the networks")
    add("--max-hands", type=int, metavar="N", help="most hands in an image")
    add("--hand-scale", type=float, metavar="M", help="wrist to middle MCP joint, metres (default: population mean)")
    add("--mirrored", action="store_true", help="the source is mirrored (selfie view)")
    add("--camera-info", type=Path, metavar="FILE", help="calibration YAML as ROS writes it")
    add(
        "--fov",
        type=float,
        metavar="DEG",
        help="horizontal field of view; 0: 2D only; default: 60 is assumed, and said",
    )
    add("--rate", type=float, default=0.0, metavar="HZ", help="images per second (default: the source's own)")
    add("--loop", action="store_true", help="play the source again and again, until --duration or Ctrl-C")
    add("--real-time", action="store_true", help="play a file as a camera would: what comes too fast is dropped")
    add("--duration", type=float, metavar="S", help="end this many seconds after the first processed image")
    add("--no-video", dest="video", action="store_false", help="no overlay, no video: less load")
    add("--start-timeout", type=float, default=180.0, metavar="S", help="give up if nothing is published (default 180)")
    add("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of hand_pose_node; repeatable")
    return parser


def main(args: argparse.Namespace) -> int:
    """Run; return the exit status."""
    from hand_pose_ros.commands._interrupt import Interrupt

    interrupt = Interrupt()  # first of all: from here on a signal finds everything in order
    try:
        from hand_pose_ros.commands._run_plan import PlanError, make_plan
        from hand_pose_ros.commands._run_session import RunSession

        try:
            plan = make_plan(args)
            if args.source and args.source_option:
                raise PlanError("SOURCE and --source: give one")
            plan.write()
        except (PlanError, OSError) as error:
            print(f"run: {error}", file=sys.stderr)
            return 2
        return RunSession(plan, args, interrupt).run()
    finally:
        interrupt.release()
