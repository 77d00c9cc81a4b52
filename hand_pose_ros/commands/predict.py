"""``hand_pose_ros predict``: hands in images, folders, videos and index.json lists, as JSON lines. Needs no ROS."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from hand_pose_ros.networks.model_card import DEFAULT_MODEL


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("predict", help="find hands in images and videos", description=__doc__)
    parser.add_argument("input", nargs="+", help="image, folder, video or index.json")
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument(
        "--camera-info", type=Path, metavar="FILE", help="calibration YAML in the ROS format, for metres"
    )
    camera.add_argument("--fov", type=float, metavar="DEG", help="horizontal field of view in degrees, for metres")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="model (default %(default)s; list: models list)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of the networks (default: the runtime's)")
    parser.add_argument(
        "--hand-scale",
        type=float,
        metavar="M",
        help="length from wrist to middle MCP joint in metres (default: average)",
    )
    parser.add_argument("--max-hands", type=int, default=2, help="most hands per image (default %(default)s)")
    parser.add_argument("--min-score", type=float, default=0.5, help="lowest score of a hand (default %(default)s)")
    parser.add_argument("--overlay", type=Path, metavar="DIR", help="write images with the hands drawn over them")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON lines here (default: stdout)")
    return parser


def main(args: argparse.Namespace) -> int:
    """Predict; 1 if a picture could not be used, 2 if the arguments cannot be."""
    from hand_pose_ros.prediction_run import PredictionRun

    with ExitStack() as stack:
        try:
            run = stack.enter_context(closing(PredictionRun(args)))
            output = stack.enter_context(args.output.open("w", encoding="utf-8")) if args.output else sys.stdout
        except (OSError, ValueError, RuntimeError) as error:
            print(f"predict: {error}", file=sys.stderr)
            return 2
        try:
            for line in run.lines():
                _write(line, output)
        except BrokenPipeError:  # the reader has had enough: `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except KeyboardInterrupt:
            print(f"predict: stopped after {run.summary()}", file=sys.stderr)
            return 130
    print(f"predict: {run.summary()}", file=sys.stderr)
    return 1 if run.errors else 0


def _write(line: dict, output) -> None:
    """Write one line at once, so that a reader can follow."""
    output.write(json.dumps(line, allow_nan=False) + "\n")
    output.flush()
