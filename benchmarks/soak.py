"""An hour of video through the real nodes over DDS: does memory grow, does anything crash, do hands keep coming?

    python -m benchmarks.soak --source video.mp4 --minutes-of-video 60

camera_node loops the video as fast as the perception answers, so that every frame is worked on; or, with --rate, at
that rate, and what comes too fast is dropped. Resident memory of every process is sampled twice a second. Ends with
status 1 if it grew by more than 5 % between the first tenth of the frames and the end (straight line through the
samples, or the largest sample over the first), if a process died, or if frames or hands stopped coming.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.memory_growth import growth
from benchmarks.node_chain import CAMERA, PERCEPTION, RECORDER, NodeChain, Sample
from benchmarks.report import machine

MOST_GROWTH = 0.05
_REPORT_S, _LONGEST_START_S, _LONGEST_SILENCE_S = 30.0, 120.0, 30.0


def main() -> int:
    args = arguments()
    capture = cv2.VideoCapture(args.source)
    rate, length = capture.get(cv2.CAP_PROP_FPS) or 30.0, capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    wanted = round(args.minutes_of_video * 60 * rate)
    print(f"{Path(args.source).name}, {length:.0f} frames at {rate:g} fps, to be looped to {wanted}. {machine()}")
    with tempfile.TemporaryDirectory(prefix="hand_pose_soak_") as folder:
        chain = NodeChain(Path(folder) / "run", parameters(args))
        samples, finished = [], False
        with chain, contextlib.suppress(KeyboardInterrupt):
            samples.extend(collect(chain, wanted))
            finished = True
        summary = chain.summary()
    if args.csv:
        save(args.csv, samples)
    if not finished:
        print("stopped before the end")
    return report(samples, summary) or int(not finished)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--source", required=True, help="video file with a hand")
    add("--minutes-of-video", type=float, default=60.0)
    add("--model", default="mediapipe_full")
    add("--device", default="cpu")
    add("--width", type=int, default=0, help="resize the images; 0: as they are")
    add("--height", type=int, default=0)
    add("--rate", type=float, default=0.0, help="play at this rate; default: every frame is worked on")
    add("--no-bag", action="store_true", help="do not record the results")
    add("--no-visualization", action="store_true", help="leave visualization_node out")
    add("--csv", type=Path, help="write all samples here")
    return parser.parse_args()


def parameters(args) -> dict[str, dict]:
    """Of each node."""
    camera = {
        "source": args.source, "loop": True, "fov": 60.0, "width": args.width, "height": args.height,
        "rate": args.rate or 1000.0, "wait_for_hands": not args.rate, "wait_for_subscribers": 1, "start_delay": 1.0,
    }  # fmt: skip
    nodes = {
        RECORDER: {"record_video": False, "record_bag": not args.no_bag},
        "visualization_node": {},
        PERCEPTION: {"autostart": True, "model": args.model, "device": args.device},
        CAMERA: camera,
    }
    if args.no_visualization:
        del nodes["visualization_node"]
    return nodes


def collect(chain: NodeChain, wanted: int):
    """Samples until ``wanted`` frames were sent. RuntimeError if a process dies, or frames or hands stop coming."""
    sent = frames = with_hand = 0
    reported_s = time.monotonic()
    moved_s = seen_s = reported_s + _LONGEST_START_S
    while sent < wanted:
        sample = chain.sample()
        if sample is None:
            raise RuntimeError(f"camera_node ended after {frames} frames")
        now, progress = sample.time_s, sample.progress
        moved_s = now if progress["frames"] > frames else moved_s
        seen_s = now if progress["frames_with_hand"] > with_hand else seen_s
        sent, frames, with_hand = (progress[key] for key in ("source_frames", "frames", "frames_with_hand"))
        if now - min(moved_s, seen_s) > _LONGEST_SILENCE_S:
            what = "frames" if now - moved_s > _LONGEST_SILENCE_S else "hands"
            raise RuntimeError(f"no more {what} after {frames} frames, {with_hand} of them with a hand")
        if now - reported_s > _REPORT_S:
            reported_s = now
            show(sample, wanted)
        if frames:
            yield sample


def show(sample: Sample, wanted: int) -> None:
    """One line of progress."""
    memory = ", ".join(f"{node} {size:.0f}" for node, size in sample.rss_mb.items())
    progress = sample.progress
    print(
        f"{time.strftime('%H:%M:%S')} {progress['source_frames']} of {wanted} frames, {progress['frames']} worked on, "
        f"{progress['frames_with_hand']} with a hand, {progress['fps']} fps, MB: {memory}",
        flush=True,
    )


def report(samples: list[Sample], summary: dict) -> int:
    """Print the result; 1 if some process grew too much."""
    frames = np.array([sample.progress["frames"] for sample in samples], np.float64)
    minutes, latency = (samples[-1].time_s - samples[0].time_s) / 60, summary["latency_ms"]
    print(
        f"{summary['source_frames']} frames in {minutes:.1f} min, {summary['frames']} worked on, "
        f"{summary['frames_with_hand']} with a hand, {summary['dropped']} dropped, {len(summary['ids'])} ids, "
        f"{summary['files']['bag_messages']} messages recorded; latency p50 {latency['p50']} ms, "
        f"p95 {latency['p95']} ms. {machine()}"
    )
    grown = [row(node, frames, np.array([sample.rss_mb[node] for sample in samples])) for node in samples[0].rss_mb]
    return int(max(grown) > MOST_GROWTH)


def row(node: str, frames: np.ndarray, memory_mb: np.ndarray) -> float:
    """Print and return the growth of one process."""
    result = growth(frames, memory_mb)
    verdict = "too much" if result.worst > MOST_GROWTH else "ok"
    print(
        f"{node:20} {result.start_mb:7.1f} MB after a tenth, {result.end_mb:7.1f} MB at the end, largest "
        f"{result.largest_mb:7.1f} MB; line {result.fitted:+.2%}, largest {result.peak:+.2%}: {verdict}"
    )
    return result.worst


def save(path: Path, samples: list[Sample]) -> None:
    """All samples as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        nodes = list(samples[0].rss_mb)
        table.writerow(["seconds", "frames", "frames_with_hand", *(f"{node}_mb" for node in nodes)])
        for each in samples:
            counts = each.progress["frames"], each.progress["frames_with_hand"]
            elapsed = f"{each.time_s - samples[0].time_s:.2f}"
            table.writerow([elapsed, *counts, *(f"{each.rss_mb[node]:.2f}" for node in nodes)])


if __name__ == "__main__":
    sys.exit(main())
