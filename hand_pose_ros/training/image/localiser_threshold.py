"""Where the localiser's 0.5 lies: ``score_shift`` from what it says about training images without hands.

    python -m hand_pose_ros.training.image.localiser_threshold config/training/localiser_s.yaml WEIGHTS \\
        --stores STORES --output models/hand_localiser_s.safetensors

The training's own images are composed with every hand erased; 0.5 is then the score that one image in ``1 / --share``
of them exceeds. Nothing that is held back is looked at.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from hand_pose_ros.training.image.localiser_task import LocaliserTask
from hand_pose_ros.training.sources.frames_store import NOTHING
from hand_pose_ros.training.trainer.config import TrainConfig, read_config
from hand_pose_ros.training.trainer.data import Stores

NO_HANDS = {"erased": 1.0, "empty_patch": 1.0}
SEED = 77
BATCH = 32


def best_scores(task: LocaliserTask, config: TrainConfig, stores: Stores, count: int) -> torch.Tensor:
    """The best score of each of about ``count`` training images without hands."""
    composer = {**config.sources.get("composer", {}), **NO_HANDS}
    source, found = task.source({**config.sources, "composer": composer}, SEED, stores), []
    with torch.no_grad():
        while sum(len(part) for part in found) < count:
            batch = source.batch(BATCH).prepared()
            empty = (batch.state == NOTHING).all(dim=1)
            found.append(task.network(batch.images[empty])["score"].amax(dim=1))
    return torch.cat(found)[:count]


def shift_for(scores: torch.Tensor, share: float) -> float:
    """What is to be added to the logits so that at most ``share`` of these best scores exceed 0.5."""
    allowed = int(share * len(scores))
    threshold = scores.double().sort(descending=True).values[allowed].clamp(1e-4, 1 - 1e-4)
    return -float(torch.logit(threshold))


def main() -> int:
    """Read weights, measure, write them with their shift."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--stores", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000, help="images (default 2000)")
    parser.add_argument("--share", type=float, default=1 / 400, help="of them with a false positive (default 1 / 400)")
    args = parser.parse_args()
    weights, config = load_file(args.weights), read_config(args.config)
    task = config.build_task()
    task.network.load_state_dict({name: value.float() for name, value in weights.items()})
    task.network.eval().score_shift.zero_()
    scores = best_scores(task, replace(config, seed=SEED), Stores(args.stores), args.count)
    shift = shift_for(scores, args.share)
    save_file(weights | {"score_shift": torch.full((1,), shift, dtype=torch.float16)}, args.output)
    print(f"{len(scores)} images without hands, {args.share:.4f} of them exceed 0.5 with a shift of {shift:+.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
