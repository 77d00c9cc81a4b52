"""Our pipeline, the MediaPipe package and the node on the same frames: time, CPU time, memory, latency.

    make bench SOURCE=video.mp4 [ARGS="--rounds 3 --write"]
    python -m benchmarks.speed --source video.mp4 --mediapipe-python .venv-mediapipe/bin/python

All frames are decoded beforehand. Each tracker runs in a fresh process, in the order A B C A B C; the first frames do
not count. The node runs behind camera_node over DDS at the video's own rate. Only CPU time means something on a
machine that does other work; the load is printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.contenders import Contender, race
from benchmarks.decoded_video import DecodedVideo
from benchmarks.node_cost import node_costs
from hand_pose_ros.commands._run_plan import find_source, share_folder


def main() -> int:
    args = arguments()
    source, _ = find_source(args.source, share_folder())
    with tempfile.TemporaryDirectory(prefix="hand_pose_bench_", dir=args.scratch) as folder:
        video = DecodedVideo(source, Path(folder) / "frames.rgb", args.frames)
        lines = [report.conditions(video)]
        results = {hands: race(contenders(args), video, hands, args.rounds) for hands in args.max_hands}
        lines += report.in_process(results)
        if not args.no_node:
            nodes = node_costs(source, Path(folder), {"model": args.model, "device": args.device}, args.max_hands)
            lines += report.in_node(nodes, results)
    print("\n".join(lines))
    if args.write:
        report.write_block(args.write, "speed", lines)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--source", help="video file; default: the demonstration clip")
    add("--mediapipe-python", help="a Python with mediapipe==0.10.21; without it only ours is measured")
    add("--model", default="mediapipe_full", help="ours; mediapipe_lite runs against model_complexity 0")
    add("--device", default="cpu", help="of ours; the MediaPipe package knows the CPU only")
    add("--max-hands", type=int, nargs="+", default=[1, 2], help="largest numbers of hands to measure with")
    add("--frames", type=int, default=100_000, help="at most so many frames of the video")
    add("--rounds", type=int, default=2, help="runs of each tracker")
    add("--no-node", action="store_true", help="leave out the node and DDS")
    add("--scratch", type=Path, help="folder for the decoded frames (2.8 MB each at 720p); default: the system's own")
    add("--write", type=Path, metavar="FILE", help="put the tables into this page, e.g. docs/benchmarks.md")
    return parser.parse_args()


def contenders(args) -> list[Contender]:
    """What runs against each other: ours with the default threads and with one, and MediaPipe."""
    ours = {"model": args.model, "device": args.device}
    found = [
        Contender("ours", sys.executable, "pipeline_worker.py", ours),
        Contender("ours, 1 thread", sys.executable, "pipeline_worker.py", {**ours, "threads": 1}),
    ]
    if args.mediapipe_python:
        complexity = {"model_complexity": 0 if args.model == "mediapipe_lite" else 1}
        found.append(Contender(report.REFERENCE, args.mediapipe_python, "mediapipe_speed_worker.py", complexity))
    return found


if __name__ == "__main__":
    sys.exit(main())
