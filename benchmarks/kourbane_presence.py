"""Hand or no hand by the count of foreground pixels, as in Figure 6 of Kourbane & Genc 2021.

    python -m benchmarks.kourbane_presence kourbane_small=DIR/kourbane_small.safetensors --store STORE --output DIR

NAME=WEIGHTS: config/training/NAME.yaml says the network, a pose network with a skeleton or a localiser; several may be
given, such as those of other thicknesses. STORE holds rendered crops with and without hands. Writes presence.png and
prints the area under the curve, the threshold of the best F1, and that of the best F1 were half of the crops empty: in
stores most show a hand, so that saying so of all of them has a good F1. The latter goes into the card
(pose.arguments.foreground).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from hand_pose_ros.training.augmentation import augment
from hand_pose_ros.training.papers.foreground_sweep import foreground_shares, save_sweeps, sweep
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.trainer.config import read_config

CONFIGS = Path(__file__).parents[1] / "config" / "training"


def segmentation(name: str, weights: Path):
    """The network's segmentation, and the size of its crops."""
    config = read_config(CONFIGS / f"{name}.yaml")
    network = config.build_task().network
    network.load_state_dict(load_file(weights))
    part = getattr(network, "segmentation", network).eval()
    return lambda images: part(images)["mask"], config.size


def crops(store: Path, count: int, size: int, batch: int = 32):
    """Crops of a store, resized, in batches."""
    source = RenderedStore(store)
    for start in range(0, min(count, len(source)), batch):
        rows = source.rows(range(start, min(start + batch, count, len(source))))
        yield augment(rows, None, torch.Generator().manual_seed(0), size)


def balanced(found: dict) -> dict[str, float]:
    """Threshold and F1 of a sweep with as many empty crops as hands: F1 = 2 r / (r + f + 1)."""
    recall, false = found["recall"], found["false_positive_rate"]
    f1 = 2.0 * recall / (recall + false + 1.0)
    best = np.flatnonzero(f1 == f1.max())
    chosen = int(best[len(best) // 2])
    return {"balanced_threshold": float(found["thresholds"][chosen]), "balanced_f1": float(f1[chosen])}


def main() -> int:
    """Print one JSON line per network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NAME=WEIGHTS")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found = {}
    for given in args.networks:
        name, _, weights = given.partition("=")
        segment, size = segmentation(name, Path(weights))
        found[name] = sweep(*foreground_shares(segment, crops(args.store, args.count, size)))
        shown = {key: found[name][key] for key in ("roc_auc", "best_threshold", "best_f1")} | balanced(found[name])
        shown = {key: round(value, 4) for key, value in shown.items()}
        print(json.dumps({"system": name} | shown), flush=True)
    args.output.mkdir(parents=True, exist_ok=True)
    save_sweeps(found, args.output / "presence.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
