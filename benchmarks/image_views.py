"""Whole images in the mirror and turned, through the whole pipeline as `hand_pose_ros predict` uses it on stills.

    python -m benchmarks.image_views hand_pose_s mediapipe_full --images frames/photos:SOURCE,SOURCE [--limit 40]
    python -m benchmarks.image_views hand_pose_s --data eval_dev --sources hpx_case004 [--only turns] [--output FILE]

Mirror: every image and its mirror image. Needs no labels; a still is looked at in the mirror by default, so that this
is a test of the pipeline; ``--plain`` looks once, as a video's first frame is looked at, and tests the networks.
  found alike    share of images in which as many hands are found as in their mirror images
  hands          found in both: nearer than 0.5 hand extents once mirrored back
  other side     share of those whose side changes with the image, as it should
  distance       mean distance of their keypoints, mirrored back, in hand extents
Turns: images turned counter-clockwise, on a black square that holds all of them at every angle (also at 0 degrees).
  found          share of the labelled hands that one is nearer to than 0.5 extents of the upright hand
  2D error       mean distance of those to the labels, in extents of the upright hand
  over upright   the same over the upright image's, of the hands that are found in both
Photographs of a store that `hand_pose_ros frames` wrote have MediaPipe's own labels.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.frame_images import labelled
from benchmarks.seed_table import markdown
from benchmarks.spread import spread
from benchmarks.view_figures import ANGLES_DEG, MirrorFigures, TurnFigures, turned
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.mirroring import mirrored_image
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.still_looks import StillSettings
from hand_pose_ros.training.datasets.formats import read_dataset
from hand_pose_ros.training.sources.frames_store import FrameStore

MIRROR = {
    "images": ("images", "{:.0f}"), "found_alike": ("found alike", "{:.3f}"), "hands": ("hands", "{:.0f}"),
    "other_side": ("other side", "{:.3f}"), "distance": ("distance", "{:.4f}"),
}  # fmt: skip
TURNS = {
    "hands": ("hands", "{:.0f}"), "found": ("found", "{:.3f}"), "error_2d": ("2D error", "{:.4f}"),
    "over_upright": ("over upright", "{:.2f}"),
}  # fmt: skip


class Images:
    """Images (H, W, 3) uint8 RGB with the keypoints (21, 2) of their labelled hands, in pixels, NaN unlabelled."""

    def __init__(self, args):
        folder, _, sources = (args.images or "").partition(":")
        self._store = FrameStore(folder, sources=[name for name in sources.split(",") if name]) if folder else None
        self._samples = [] if folder else read_dataset(args.data)
        if args.sources:
            self._samples = _of_sources(self._samples, args.sources)
        length = len(self._store) if folder else len(self._samples)
        self._chosen = spread(length, args.limit or length)

    def __iter__(self) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        for index in self._chosen:
            if self._store:
                image, _, labels = labelled(self._store.rows([index]))
                yield image, [keypoints for keypoints, _ in labels]
            else:
                sample = self._samples[index]
                yield sample.image(), [hand.keypoints_px for hand in sample.hands]


def _of_sources(samples: list, names: list[str]) -> list:
    """Those of the named sources; ValueError for one that there is not."""
    there = {sample.source for sample in samples}
    if unknown := sorted(set(names) - there):
        raise ValueError(f"no sources {unknown} in --data: there are {', '.join(sorted(there))}")
    return [sample for sample in samples if sample.source in names]


def mirror(estimator: HandEstimator, images: Images) -> dict:
    """``MirrorFigures`` of all images."""
    figures = MirrorFigures()
    for image, _ in images:
        figures.add(estimator(image), estimator(mirrored_image(image)), image.shape[1])
    return figures.figures()


def turns(estimator: HandEstimator, images: Images) -> dict:
    """``TurnFigures`` of all images with labelled hands."""
    figures = TurnFigures()
    for image, hands in images:
        hands = [hand for hand in hands if np.isfinite(hand).all(axis=1).any()]
        for angle in ANGLES_DEG if hands else ():
            view, moved = turned(image, angle)
            figures.add(angle, estimator(view), hands, [moved(hand) for hand in hands])
    return figures.figures()


def report(results: dict[str, dict]) -> str:
    """Both tables in Markdown, those that there are."""
    seen = [{"name": name, **found["mirror"]} for name, found in results.items() if "mirror" in found]
    turned_rows = [
        {"name": f"{name}, {angle} deg", **figures}
        for name, found in results.items()
        for angle, figures in found.get("turns", {}).items()
    ]
    parts = (("in the mirror", MIRROR, seen), ("turned", TURNS, turned_rows))
    return "\n".join(markdown(rows, columns, title) for title, columns, rows in parts if rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--images", metavar="STORE[:SOURCE,...]", help="store that `hand_pose_ros frames` wrote")
    given.add_argument("--data", metavar="FOLDER", help="labelled data set, as for `hand_pose_ros evaluate --data`")
    parser.add_argument("--sources", nargs="+", help="of the data set alone")
    parser.add_argument("--limit", type=int, default=0, help="so many images, evenly spread; 0: all")
    parser.add_argument("--only", choices=("mirror", "turns"))
    parser.add_argument("--score", type=float, default=0.5, help="lowest score and presence (default 0.5)")
    parser.add_argument("--max-hands", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="one look at each hand, none in the mirror")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, help="JSON file")
    args = parser.parse_args()
    cv2.setNumThreads(args.threads)
    views = {view: function for view, function in (("mirror", mirror), ("turns", turns)) if args.only in (None, view)}
    results = {}
    try:
        settings = EstimatorSettings(args.max_hands, args.score, args.score)
        images, stills = Images(args), StillSettings(0, False) if args.plain else StillSettings()
        for name in args.models:
            estimator = HandEstimator(load_model(name, args.device, args.threads), settings, stills)
            results[name] = {view: function(estimator, images) for view, function in views.items()}
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(report(results), end="")
    if args.output:
        args.output.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
