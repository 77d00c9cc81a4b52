"""Table 2 of Zimmermann & Brox 2017: ways of lifting keypoints to 3D, side by side on the same labels.

    python -m benchmarks.lifting_table --stores STORES --steps 2000

Each network of the published size is trained by config/training/zimmermann_lifting_NAME.yaml on the labels of
STORES/train for as many steps; NN remembers them. Measured on STORES/held_back, true keypoints with noise of 1.5 pixels
of 256: median and mean distance of a joint in millimetres at the hand's true size (the paper: median, its own data, per
keypoint), and the mean in hand scales.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from hand_pose_ros.networks.nearest_neighbour import NearestNeighbourLifting
from hand_pose_ros.training.papers.label_store import LabelStore
from hand_pose_ros.training.papers.lifting_task import LiftingTask
from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.data import Stores
from hand_pose_ros.training.trainer.trainer import train

CONFIGS = Path(__file__).parents[1] / "config" / "training"
NAMES = ("direct", "bottleneck", "local", "proposed")


def trained(name: str, stores: Stores, steps: int, device: str) -> LiftingTask:
    """The task of one row, its network trained."""
    config = read_config(CONFIGS / f"zimmermann_lifting_{name}.yaml").with_budget(steps, None, None)
    config = replace(config, schedule=replace(config.schedule, validate_every=0))
    task = config.build_task()
    with tempfile.TemporaryDirectory() as folder:
        source = task.source(config.sources, config.seed, stores)
        train(task, config, Path(folder), device, source=source)
    return task


def remembered(stores: Stores, like: LiftingTask, count: int) -> LiftingTask:
    """The row NN: ``count`` training hands."""
    hands = LabelStore(stores.folder / "train", seed=1).batch(count)
    network = NearestNeighbourLifting(len(hands))
    network.remember(hands.keypoints, torch.nan_to_num(hands.right), hands.joints)
    task = LiftingTask(network)
    task.settings = like.settings
    return task


def main() -> int:
    """One JSON line per row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=Path, required=True, help="folder with the stores train and held_back")
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--count", type=int, default=2000, help="held-back hands")
    parser.add_argument("--memory", type=int, default=20000, help="hands that NN remembers")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    stores = Stores(args.stores)
    held_back = LabelStore(args.stores / "held_back").hands.rows(slice(0, args.count)).to(args.device)
    task = None
    for name in (*NAMES, "nearest neighbour"):
        began = time.process_time()
        last = task
        task = (
            remembered(stores, last, args.memory)
            if name not in NAMES
            else trained(name, stores, args.steps, args.device)
        )
        figures = task.validate(task.network.to(args.device).eval(), [held_back])
        row = {
            "lifting": name,
            "steps": args.steps if name in NAMES else 0,
            "cpu_s": round(time.process_time() - began),
        }
        print(json.dumps(row | {key: round(value, 4) for key, value in figures.items()}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
