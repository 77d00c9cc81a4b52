"""Where the localiser's 0.5 lies: ``score_shift`` from what it says about images without hands.

    hand_pose_ros frames negatives --split train --output STORES/frames/empty_train ...
    python -m hand_pose_ros.training.image.localiser_threshold config/training/localiser_s.yaml WEIGHTS \\
        --empty STORES/frames/empty_train --output models/hand_localiser_s.safetensors

0.5 is then the score that one image in ``1 / --share`` of them exceeds. Give images made of what the training saw:
those that are held back are for the measurement.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from hand_pose_ros.crop import crop_to_image, letterbox, sample_batch
from hand_pose_ros.training.sources.frames_store import NOTHING, FrameStore
from hand_pose_ros.training.trainer.config import read_config

BATCH = 32


def best_scores(network: nn.Module, store: FrameStore) -> torch.Tensor:
    """The best score of each image of a store; ValueError if one of them shows a hand."""
    found = []
    for start in range(0, len(store), BATCH):
        rows = store.rows(np.arange(start, min(start + BATCH, len(store))))
        if (rows["state"] != NOTHING).any():
            raise ValueError("the store has images with hands: give one that `hand_pose_ros frames negatives` wrote")
        images = [image[:height, :width] for image, (width, height) in zip(rows["images"], rows["area"], strict=True)]
        affines = [crop_to_image(letterbox(image.shape[1], image.shape[0])) for image in images]
        with torch.no_grad():
            inputs = torch.from_numpy(sample_batch(images, affines, network.input_size, "zero"))
            found.append(network(inputs)["score"].amax(dim=1))
    return torch.cat(found)


def shift_for(scores: torch.Tensor, share: float) -> float:
    """What is to be added to the logits so that at most ``share`` of these best scores exceed 0.5.

    Halfway between the last one that may and the first one that may not.
    """
    allowed = int(share * len(scores))
    best = torch.logit(scores.double().sort(descending=True).values.clamp(1e-4, 1 - 1e-4))
    return -float(best[max(allowed - 1, 0) : allowed + 1].mean())


def main() -> int:
    """Read weights, measure, write them with their shift."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--empty", type=Path, required=True, metavar="STORE", help="images without hands")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1 / 400, help="of them with a false positive (default 1 / 400)")
    args = parser.parse_args()
    weights, network = load_file(args.weights), read_config(args.config).build_task().network
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    network.eval().score_shift.zero_()
    scores = best_scores(network, FrameStore(args.empty))
    shift = shift_for(scores, args.share)
    save_file(weights | {"score_shift": torch.full((1,), shift, dtype=torch.float16)}, args.output)
    args.output.chmod(0o644)
    print(f"{len(scores)} images without hands, {args.share:.4f} of them exceed 0.5 with a shift of {shift:+.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
