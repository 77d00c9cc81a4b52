"""Does our run of MediaPipe's networks give what the MediaPipe package gives? Same images, keypoint by keypoint.

    python benchmarks/compare_mediapipe.py --mediapipe-python mp-venv/bin/python --stills DIR --video FILE

Stills are independent (static mode); a video is followed from its first frame. Hands are matched by their nearest
keypoints; distances are in pixels of an image scaled to 720 rows. Ends with status 1 if a bar is missed: the distances,
a different side, or a hand that only MediaPipe found. Hands that only we found are listed, they are no failure: of two
palm detections that overlap, MediaPipe's association keeps the later, lower-scored one, and loses the hand with it.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.filters import FilterSettings
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.pipeline import Frame, HandPosePipeline, PipelineSettings
from hand_pose_ros.still_looks import StillSettings
from hand_pose_ros.tracking import TrackingSettings

MEDIAN_BAR_PX, P95_BAR_PX = 1.0, 3.0
SAME_HAND = 0.5
"""Hands of the two are the same one when their mean keypoint distance is below this share of the hand's extent."""


def reference(python: str, images: list, mode: str, args) -> list[list[dict]]:
    """Hands that the MediaPipe package finds in each image."""
    complexity = str(int(args.model == "mediapipe_full"))
    command = [
        python,
        str(Path(__file__).with_name("mediapipe_worker.py")),
        mode,
        str(args.max_hands),
        "0.5",
        complexity,
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        return [ask(worker, image)["hands"] for image in images]


def ask(worker, image) -> dict:
    """Send one RGB image, wait for the answer."""
    worker.stdin.write(struct.pack("<II", image.shape[1], image.shape[0]) + np.ascontiguousarray(image).tobytes())
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("the MediaPipe worker ended: does --mediapipe-python have mediapipe installed?")
    return json.loads(line)


def ours(images: list, mode: str, args) -> list[list]:
    """Hands that this package finds in each image, unsmoothed."""
    model, settings = load_model(args.model, device=args.device), EstimatorSettings(max_hands=args.max_hands)
    if mode == "static":
        # One look at each hand, as the package's.
        estimator = HandEstimator(model, settings, StillSettings(refinements=0, mirrored=False))
        return [estimator(image) for image in images]
    # As often as the package looks for new hands, and without what we add.
    tracking = TrackingSettings(detect_every=1)
    pipeline = HandPosePipeline(model, PipelineSettings(settings, tracking, FilterSettings(enabled=False)))
    return [pipeline.process([Frame(image, n / 30.0)])[0] for n, image in enumerate(images)]


def compare(images: list, theirs: list, found: list, names: list[str]) -> dict:
    """Distances (px at 720 rows) of all keypoints of hands that both found, and what does not agree."""
    distances, sides, lost, extra = [], [], [], []
    for name, image, expected, hands in zip(names, images, theirs, found, strict=True):
        pairs = match(expected, hands)
        lost += [name] * (len(expected) - len(pairs))
        extra += [name] * (len(hands) - len(pairs))
        for one, hand in pairs:
            gaps = np.linalg.norm(np.array(one["keypoints_px"]) - hand.keypoints_px, axis=1) * 720 / image.shape[0]
            distances.append(gaps)
            if one["handedness"] != hand.handedness:
                sides.append(f"{name}: {one['handedness']} {one['handedness_score']:.2f}, ours {hand.handedness}")
            if np.median(gaps) > MEDIAN_BAR_PX:
                print(f"  {name}: median {np.median(gaps):.2f} px, max {gaps.max():.2f} px", file=sys.stderr)
    return {"distances": np.array(distances), "other side": sides, "only MediaPipe's": lost, "only ours": extra}


def match(expected: list[dict], hands: list) -> list[tuple]:
    """Pairs of the same hand, nearest first."""
    pairs = []
    for i, one in enumerate(expected):
        points = np.array(one["keypoints_px"])
        extent = np.ptp(points, axis=0).max()
        for j, hand in enumerate(hands):
            pairs.append((np.linalg.norm(points - hand.keypoints_px, axis=1).mean() / extent, i, j))
    chosen = []
    for distance, i, j in sorted(pairs):
        if distance < SAME_HAND and all(i != a and j != b for a, b in chosen):
            chosen.append((i, j))
    return [(expected[i], hands[j]) for i, j in chosen]


def report(title: str, result: dict) -> bool:
    """Print one comparison; True if it keeps the bars."""
    distances = result["distances"]
    median, p95, worst = np.percentile(distances, [50, 95, 100]) if distances.size else [np.inf] * 3
    print(
        f"{title}: {len(distances)} hands, keypoints differ by median {median:.3f}, p95 {p95:.3f}, max {worst:.2f} px"
    )
    for name in ("other side", "only MediaPipe's", "only ours"):
        print(f"  {name}: {'; '.join(result[name]) or 'none'}")
    same = not result["other side"] and not result["only MediaPipe's"]
    return bool(same and median <= MEDIAN_BAR_PX and p95 <= P95_BAR_PX)


def read_stills(folder: Path, rows: int | None) -> tuple[list, list]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    images = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    if rows:
        images = [
            cv2.resize(im, (round(im.shape[1] * rows / im.shape[0]), rows), interpolation=cv2.INTER_AREA)
            for im in images
        ]
    return images, [path.name for path in paths]


def read_video(path: Path, frames: int) -> tuple[list, list]:
    capture, images = cv2.VideoCapture(str(path)), []
    while len(images) < frames:
        good, image = capture.read()
        if not good:
            break
        images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return images, [f"frame {n}" for n in range(len(images))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mediapipe-python", required=True, help="a Python that has mediapipe installed")
    parser.add_argument("--stills", type=Path, help="folder of photographs")
    parser.add_argument("--rows", type=int, default=720, help="rows that stills are scaled to; 0: as they are")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--frames", type=int, default=100, help="frames of the video, from its start")
    parser.add_argument("--model", default="mediapipe_full", choices=("mediapipe_full", "mediapipe_lite"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--max-hands", type=int, default=2)
    args = parser.parse_args()
    sources = {
        "static": args.stills and read_stills(args.stills, args.rows),
        "tracking": args.video and read_video(args.video, args.frames),
    }
    good = True
    for mode, source in sources.items():
        if source:
            images, names = source
            theirs = reference(args.mediapipe_python, images, mode, args)
            good &= report(f"{args.model}, {mode}", compare(images, theirs, ours(images, mode, args), names))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
