"""Localisers on the same images: recall, false positives, crops, sides, and what the whole pipeline makes of it.

    python -m benchmarks.localiser own_localiser mediapipe_full --output DIR \\
        --images rendered=frames/held_back photographs=frames/photos:SOURCE,SOURCE empty=frames/empty

Every store is one that `hand_pose_ros frames` wrote. "found": the pipeline reports a hand whose keypoints lie, on
average, less than 0.3 hand extents from the labels. The labels of photographs are MediaPipe's own
(frames_photographs.py): on them its recall is its agreement with itself, and ours the agreement with it. Photographs
in which it found no hand are left out: they show hands.

"false", "pipeline": share of the images without hands in which the localiser, the whole pipeline sees one. "thr 1/200":
the score that one in 200 of them exceeds, "at 1/200" the recall above it, both within the store. The last line of each
model is about the images without hands of all stores together: "false" at --score, "thr 1/200", and the recall of each
store above that (``all stores`` in localiser.json).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.frame_images import images, opened
from benchmarks.localiser_sheet import Sheet
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import RIGHT
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.region import hand_distance
from hand_pose_ros.training.image.localiser_figures import DetectionFigures, pooled

FOUND = 0.3
ALL = "all stores"
LOW = EstimatorSettings(min_score=0.02, max_hands=16)
COLUMNS = {
    "recall": "recall", "recall_1_in_200": "at 1/200", "average_precision": "AP", "precision": "precision",
    "found": "found", "pose_side": "pose side", "side": "side", "crop_overlap": "overlap", "turn_deg": "turn",
    "turn_within_25_deg": "<25 deg", "hands": "hands", "false_positive_images": "false", "pipeline_false": "pipeline",
    "threshold_1_in_200": "thr 1/200", "empty_images": "empty",
}  # fmt: skip


@dataclass
class Pipeline:
    """What the pipeline reports of labelled hands, and of images without hands."""

    found: int = 0
    sides: list[bool] = field(default_factory=list)
    false: list[bool] = field(default_factory=list)

    def add(self, hands: list, labels: list[tuple[np.ndarray, float]], empty: bool):
        """One image's reported hands against (keypoints_px (21, 2), right) of the sure ones."""
        if empty:
            self.false.append(bool(hands))
        for keypoints, right in labels:
            near = min(hands, key=lambda hand: hand_distance(hand.keypoints_px, keypoints), default=None)
            if near is not None and hand_distance(near.keypoints_px, keypoints) < FOUND:
                self.found += 1
                self.sides.append((near.handedness == RIGHT) == (right >= 0.5))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--images", nargs="+", required=True, metavar="NAME=STORE[:SOURCE,...]")
    parser.add_argument("--limit", type=int, default=0, help="images of each store, evenly spread; 0: all")
    parser.add_argument("--score", type=float, default=0.5, help="lowest score and presence (default 0.5)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--output", type=Path, help="folder for localiser.json and sheets of what was missed and imagined"
    )
    args = parser.parse_args()
    results = {name: {} for name in args.models}
    detected: dict[str, dict[str, DetectionFigures]] = {name: {} for name in args.models}
    for text in args.images:
        name, store, exact = opened(text)
        for model in args.models:
            loaded = load_model(model, "cpu", args.threads)
            figures, detections, sheet = measured(loaded, images(store, args.limit, exact), args.score)
            results[model][name], detected[model][name] = figures, detections
            print(line(model, name, figures), flush=True)
            if args.output:
                sheet.write(args.output / f"{model}_{name}.png")
    for model in args.models:
        results[model][ALL] = pooled(detected[model], args.score)
        print(last_line(model, results[model][ALL]))
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / "localiser.json").write_text(json.dumps(results, indent=1))
    return 0


def measured(model, labelled_images: Iterable[tuple], score: float):
    """Figures by the names of COLUMNS, the detections that they count, and the sheet of failures."""
    low, usual = HandEstimator(model, LOW), HandEstimator(model, EstimatorSettings(4, score, score))
    figures, pipeline, sheet = DetectionFigures(), Pipeline(), Sheet(score)
    for image, hands, labels in labelled_images:
        [detections] = low.detect([image])
        before = figures.hands, len(figures.overlap)
        figures.add(detections, hands)
        said = usual(image)
        pipeline.add(said, labels, not hands)
        sheet.add(image, detections, hands, said, before, figures)
    shares = {
        "found": pipeline.found / figures.hands if figures.hands else float("nan"),
        "pose_side": float(np.mean(pipeline.sides)) if pipeline.sides else float("nan"),
        "pipeline_false": float(np.mean(pipeline.false)) if pipeline.false else float("nan"),
        "hands": figures.hands, "scores": figures.scores, "hits": figures.hits, "empty": figures.empty,
    }  # fmt: skip
    return figures.figures(score) | shares, figures, sheet


def line(model: str, name: str, figures: dict) -> str:
    """What is known, in one line."""
    known = {title: figures[key] for key, title in COLUMNS.items() if np.isfinite(figures[key])}
    return f"{model:16} {name:12} " + "  ".join(f"{title} {value:.3f}" for title, value in known.items())


def last_line(model: str, figures: dict) -> str:
    """``line`` of the images without hands of all stores, and the recall of each at their threshold."""
    known = {key: figures.get(key, float("nan")) for key in COLUMNS}
    recalls = {name: value for name, value in figures["recall_1_in_200"].items() if np.isfinite(value)}
    shown = "  ".join(f"{name} at 1/200 {value:.3f}" for name, value in recalls.items())
    return f"{line(model, ALL, known | {'recall_1_in_200': float('nan')})}  {shown}"


if __name__ == "__main__":
    sys.exit(main())
