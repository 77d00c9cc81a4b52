"""Pose networks of shipped models on held-back crops, cut upright about the middle of the hand, as tracking cuts them.

    python -m benchmarks.pose_crops hand_pose_s mediapipe_full --stores photos_held_back held_back --count 500 \\
        [--side 1.65] [--sections rotation mirrored] [--output FILE]

The network alone, without localiser, further looks and lifter; ``depth_gain``, ``keypoint_stddev`` and ``stddev_gain``
of its card count as in the pipeline. Of each store ``--count`` crops, evenly spread. Rendered keypoints are first moved
to where MediaPipe's networks, the teachers of the photographs, see them (``keypoint_convention.py``), for all models.
The labels of photographs are those networks' own: there an error is a distance to what MediaPipe says, which flatters
MediaPipe's models.

2D error     mean keypoint distance in longer sides of the labelled keypoints' box
PCK@0.1      share of keypoints within 0.1 of it
3D           mean distance of normalised joints (wrist to middle MCP: 1)
PA mm        the same after Procrustes alignment, with the true hand scale (rendered hands alone have one)
side         share of hands whose side is said right, crops shown as they came
in sigma     share of keypoint errors, per axis, within the stated deviation (calibrated: 0.683)
F1           presence of a hand, at a probability of 0.5
worst turn   worst of the 2D errors of crops turned by every 30 degrees, over the upright one (--sections rotation)
other side   share of hands whose side changes with the image in a mirror, as it should (--sections mirrored)
mirror gap   distance of a crop's keypoints and its mirror image's, in box sides; 0 where left hands are shown mirrored

The file has all of ``training/crop_evaluation.py``, with 95 % bootstrap intervals over crops.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.seed_table import markdown
from benchmarks.spread import spread
from hand_pose_ros.networks.build import build_network
from hand_pose_ros.networks.device import resolve_device
from hand_pose_ros.networks.model_card import ModelCard, find_card
from hand_pose_ros.training.augmentation import AugmentationSettings, cut
from hand_pose_ros.training.crop_evaluation import evaluate_crops, flat
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_targets import targets
from hand_pose_ros.training.sources.photographs import PhotographStore
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.sources.shards import read_description
from hand_pose_ros.training.sources.stored_crops import StoredCrops

KINDS = {kind.kind: kind for kind in (RenderedStore, PhotographStore)}
BATCH = 50
COLUMNS = {
    "crops": ("crops", "{:.0f}"), "all/error_2d": ("2D error", "{:.3f}"), "all/pck_0.1": ("PCK@0.1", "{:.3f}"),
    "all/joints": ("3D", "{:.3f}"), "all/aligned_mm": ("PA mm", "{:.1f}"), "all/side": ("side", "{:.3f}"),
    "all/sigma_pixel": ("in sigma", "{:.3f}"), "all/presence_f1": ("F1", "{:.3f}"),
    "rotation/worst_over_upright": ("worst turn", "{:.2f}"), "mirrored/side_swapped": ("other side", "{:.3f}"),
    "mirrored/distance": ("mirror gap", "{:.3f}"),
}  # fmt: skip


def store_of(folder: Path) -> StoredCrops:
    """The store in a folder, by what its store.json says. ValueError if it holds something else than crops."""
    kind = read_description(folder).get("format")
    if kind not in KINDS:
        raise ValueError(f"{folder} holds {kind!r}: give a folder of {' or '.join(map(repr, KINDS))}")
    return KINDS[kind](folder)


def crops(store: StoredCrops, count: int, size: int, side: float, device: str) -> list[HandBatch]:
    """Batches of crops of ``size`` pixels, upright, ``side`` times the keypoints' box, the teacher's keypoints."""
    settings, index = AugmentationSettings(aligned=1.0, aligned_side=side), spread(len(store), count)
    parts = np.array_split(index, math.ceil(len(index) / BATCH))
    batches = [cut(store.rows(part).to(device), settings, size) for part in parts]
    return [replace(batch, keypoints=targets(batch, real_depth=1.0).keypoints) for batch in batches]


def as_carded(network: Callable, card: dict) -> Callable:
    """``network`` with what the pose part of its card makes of its depth and deviations in the estimator."""

    def answers(images: torch.Tensor) -> dict[str, torch.Tensor]:
        said = dict(network(images))
        stated = torch.full_like(said["keypoints"][..., 0], card.get("keypoint_stddev", 0.02))
        said["keypoint_stddev"] = card.get("stddev_gain", 1.0) * said.get("keypoint_stddev", stated)
        if "depth" in said:
            said["depth"] = card.get("depth_gain", 1.0) * said["depth"]
        return said

    return answers


def compared(stores: dict[Path, StoredCrops], args) -> dict[str, dict[str, dict]]:
    """Model -> store -> ``measured``. Models with the same pose network and numbers are measured once."""
    known: dict[str, dict[str, dict]] = {}
    cards = {name: find_card(name) for name in args.models}
    keys = {name: json.dumps(card.stages()["pose"], sort_keys=True) for name, card in cards.items()}
    for name, key in keys.items():
        if key not in known:
            print(f"{name} ...", file=sys.stderr, flush=True)
            known[key] = {str(folder): measured(cards[name], store, args) for folder, store in stores.items()}
    return {name: known[key] for name, key in keys.items()}


def measured(card: ModelCard, store: StoredCrops, args) -> dict:
    """Sections and figures of ``evaluate_crops``, and the number of crops."""
    part, network = card.stages()["pose"], build_network(card, "pose").to(args.device)
    batches = crops(store, args.count, part["input_size"], args.side, args.device)
    with torch.no_grad():
        found = evaluate_crops(as_carded(network, part), batches, args.sections, part.get("sees", "both"))
    return {"crops": sum(len(batch) for batch in batches), **found}


def table(results: dict[str, dict[str, dict]]) -> str:
    """Markdown of model -> store -> figures; columns that no row knows are left out."""
    rows = [
        {"name": f"{name}, {Path(folder).name}", **flat(figures)}
        for name, found in results.items()
        for folder, figures in found.items()
    ]
    return markdown(rows, {key: form for key, form in COLUMNS.items() if any(key in item for item in rows)}, "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--stores", nargs="+", type=Path, required=True, help="of `render store` or `pseudo_label`")
    parser.add_argument("--count", type=int, default=500, help="crops of each store (default %(default)s)")
    parser.add_argument("--side", type=float, default=1.65, help="of a crop over the keypoints' box")
    parser.add_argument("--sections", nargs="*", default=[], choices=("source", "rotation", "mirrored"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, help="JSON file")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    try:
        args.device = resolve_device(args.device)
        results = compared({folder: store_of(folder) for folder in args.stores}, args)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(table(results), end="")
    if args.output:
        args.output.write_text(json.dumps({"side": args.side, "models": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
