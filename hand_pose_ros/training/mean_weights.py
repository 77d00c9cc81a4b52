"""The mean of two trainings' weights, where one began from the other.

    python -m hand_pose_ros.training.mean_weights BEFORE AFTER --share 0.3 --output FILE

Between the weights before and after a training on other data there are often some that are better on both kinds
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", section 3). ``--share`` is that of AFTER.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def mean_weights(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float):
    """``share`` of ``after`` and the rest of ``before``, tensor by tensor, in half precision as they are shipped.

    Integers (counts of batches) are those of ``after``. ValueError for weights of different networks, or a share
    outside 0 to 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share is {share}: give 0 to 1")
    different = {name for name in before.keys() | after.keys() if _shape(before, name) != _shape(after, name)}
    if different:
        raise ValueError(f"weights of different networks: {', '.join(sorted(different)[:3])} do not fit")
    return {
        name: ((1.0 - share) * before[name].float() + share * value.float()).half()
        if value.is_floating_point()
        else value
        for name, value in after.items()
    }


def _shape(weights: dict[str, torch.Tensor], name: str) -> tuple | None:
    return tuple(weights[name].shape) if name in weights else None


def main() -> int:
    """Read both, write the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    save_file(mean_weights(load_file(args.before), load_file(args.after), args.share), args.output)
    args.output.chmod(0o644)
    return 0


if __name__ == "__main__":
    sys.exit(main())
