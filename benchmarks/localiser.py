"""Localisers on the same images: recall, false positives, crops, sides, and what the whole pipeline makes of it.

    python -m benchmarks.localiser own_localiser mediapipe_full --output DIR \\
        --images rendered=frames/held_back photographs=frames/photos:SOURCE,SOURCE empty=frames/empty

Every store is one that `hand_pose_ros frames` wrote. "found": the pipeline reports a hand whose keypoints lie, on
average, less than 0.3 hand extents from the labels. The labels of photographs are MediaPipe's own
(frames_photographs.py): on them its recall is its agreement with itself, and ours the agreement with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import RIGHT
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.region import hand_distance, pose_crop
from hand_pose_ros.training.image.localiser_figures import DetectionFigures, TrueHand
from hand_pose_ros.training.image.localiser_task import ROI
from hand_pose_ros.training.sources.frames_store import HAND, NOTHING, FrameStore

FOUND = 0.3
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
    parser.add_argument("--limit", type=int, default=0, help="images of each store; 0: all")
    parser.add_argument("--score", type=float, default=0.5, help="lowest score and presence (default 0.5)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--output", type=Path, help="folder for localiser.json and sheets of what was missed and imagined"
    )
    args = parser.parse_args()
    results = {name: {} for name in args.models}
    for text in args.images:
        name, store = opened(text)
        for model in args.models:
            figures, sheet = measured(load_model(model, "cpu", args.threads), store, args.limit, args.score)
            results[model][name] = figures
            print(line(model, name, figures), flush=True)
            if args.output:
                sheet.write(args.output / f"{model}_{name}.png")
    if args.output:
        (args.output / "localiser.json").write_text(json.dumps(results, indent=1))
    return 0


def opened(text: str) -> tuple[str, FrameStore]:
    """From NAME=STORE[:SOURCE,...]."""
    name, _, place = text.partition("=")
    folder, _, sources = place.partition(":")
    return name, FrameStore(folder, sources=[source for source in sources.split(",") if source])


def measured(model, store: FrameStore, limit: int, score: float):
    """Figures by the names of COLUMNS, and the sheet of failures."""
    low, usual = HandEstimator(model, LOW), HandEstimator(model, EstimatorSettings(4, score, score))
    figures, pipeline, sheet = DetectionFigures(), Pipeline(), Sheet(score)
    for index in range(min(len(store), limit or len(store))):
        image, hands, labels = labelled(store.rows([index]))
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
    return figures.figures(score) | shares, sheet


def labelled(rows: dict[str, np.ndarray]) -> tuple[np.ndarray, list[TrueHand], list[tuple[np.ndarray, float]]]:
    """The image of one row without its border, its hands' crops, and the keypoints and sides of the sure ones."""
    width, height = rows["area"][0]
    image = np.ascontiguousarray(rows["images"][0, :height, :width])
    hands, labels = [], []
    for keypoints, state, right in zip(rows["keypoints_px"][0], rows["state"][0], rows["right"][0], strict=True):
        if state == NOTHING:
            continue
        crop = pose_crop(keypoints.astype(np.float64), ROI)
        inside = all(-0.5 < at < edge - 0.5 for at, edge in zip(crop.centre_px, (width, height), strict=True))
        sure = bool(state == HAND and inside)
        hands.append(TrueHand(crop, float(right), sure))
        if sure:
            labels.append((keypoints.astype(np.float64), float(right)))
    return image, hands, labels


class Sheet:
    """Up to 40 images in which a hand was missed or imagined."""

    def __init__(self, score: float, most: int = 40):
        self._score, self._most, self._tiles = score, most, []

    def add(self, image, detections, hands, said, before, figures):
        """Keep the image if the localiser failed on it."""
        found = sum(detection.score >= self._score for detection in detections)
        missed = (
            figures.hands - before[0] > len(figures.overlap) - before[1] or len([h for h in hands if h.sure]) > found
        )
        if len(self._tiles) < self._most and (missed or (found and not hands)):
            self._tiles.append(self._tile(image, detections, hands, said))

    def _tile(self, image, detections, hands, said) -> np.ndarray:
        from hand_pose_ros.training.image.localiser_pictures import DOUBTFUL, TRUE, draw_crop, draw_detection

        tile = np.zeros((256, 256, 3), np.uint8)
        tile[: image.shape[0], : image.shape[1]] = image
        for hand in hands:
            draw_crop(tile, hand.crop, TRUE if hand.sure else DOUBTFUL)
        for detection in detections:
            if detection.score >= 0.2:
                draw_detection(tile, detection)
        for hand in said:
            for x, y in np.rint(hand.keypoints_px).clip(0, 255).astype(int):
                tile[y, x] = (255, 255, 0)
        return tile

    def write(self, path: Path):
        """PNG; nothing if nothing failed."""
        import cv2

        if self._tiles:
            tiles = self._tiles + [np.zeros((256, 256, 3), np.uint8)] * (-len(self._tiles) % 8)
            rows = [np.hstack(tiles[k : k + 8]) for k in range(0, len(tiles), 8)]
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def line(model: str, name: str, figures: dict) -> str:
    """What is known, in one line."""
    known = {title: figures[key] for key, title in COLUMNS.items() if np.isfinite(figures[key])}
    return f"{model:16} {name:12} " + "  ".join(f"{title} {value:.3f}" for title, value in known.items())


if __name__ == "__main__":
    sys.exit(main())
