"""Can a paper's system learn 64 rendered hands by heart? A network or a loss with a mistake in it cannot.

    python -m benchmarks.overfit_papers zimmermann he --store STORE --minutes 4

NAME means config/training/NAME_small.yaml: its network, its task and the highest learning rate of its schedule, on the
same hands again and again, not augmented. Keypoints' mean distance in shares of the crop; below 0.01 is the aim.
Minutes are those of this process on the CPU, so that other programs do not shorten the training. A system that has no
keypoints (a localiser) is measured by the figure that its task validates by.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from hand_pose_ros.training.augmentation import augment
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.loss_module import LossModule
from hand_pose_ros.training.trainer.schedule import Phase, rate

CONFIGS = Path(__file__).parents[1] / "config" / "training"
AIM = 0.01
CHECK_EVERY_S = 15.0


def hands(store: Path, count: int, size: int) -> HandBatch:
    """``count`` crops of ``size`` px from a rendered store that show a hand whole."""
    source = RenderedStore(store)
    batch = source.rows(range(min(3 * count, len(source))))
    whole = (batch.present > 0.5) & ((batch.keypoints > 0.0) & (batch.keypoints < 1.0)).all(2).all(1)
    batch = batch.rows(whole.nonzero()[:count, 0])
    return augment(batch, None, torch.Generator().manual_seed(0), size)


def crop_error(task, batch: HandBatch) -> float:
    """Mean keypoint distance in shares of the crop; of a task without keypoints its own best figure, as an error."""
    task.network.eval()
    with torch.no_grad():
        output = task.network(batch.images)
        found = output.get("keypoints") if isinstance(output, dict) else None
        if found is None:
            figure = task.validate(task.network, [batch])[task.best.lstrip("-")]
            return 1.0 - figure if task.best.startswith("-") else figure
        return float((found - batch.keypoints).norm(dim=2).mean())


def overfit(name: str, batch_of, minutes: float, size: int, half: bool = False) -> dict:
    """Train the small version of ``name`` on the same hands until the aim or the end of the minutes."""
    config = read_config(CONFIGS / f"{name}_small.yaml")
    task, batch = config.build_task(), batch_of(config.size)
    batch.images = batch.images.contiguous(memory_format=torch.channels_last)  # as the trainer has them: a third faster
    task.network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(task.network.parameters(), lr=config.schedule.learning_rate, weight_decay=0.0)
    began, step, checked, error = time.process_time(), 0, 0.0, float("inf")
    losses = LossModule(task, task.network, "cpu" if half else None)
    while error >= AIM:
        used = time.process_time() - began
        task.progress = min(used / (60.0 * minutes), 1.0)
        if used - checked > CHECK_EVERY_S or task.progress >= 1.0:
            checked, error = used, crop_error(task, batch)
            print(f"{name}: {step} steps, {used:.0f} s of CPU, error {error:.4f}", flush=True)
        if task.progress >= 1.0:
            break
        learn(losses, task, batch.rows(torch.randperm(len(batch))[:size]), optimiser, config.schedule, step)
        step += 1
    used = time.process_time() - began
    return {
        "system": name,
        "hands": len(batch),
        "steps": step,
        "cpu_s": round(used),
        "error": error,
        "aim": error < AIM,
    }


def learn(losses: LossModule, task, batch: HandBatch, optimiser, schedule, step: int) -> None:
    """One step of the optimiser."""
    task.network.train()
    for group in optimiser.param_groups:
        group["lr"] = schedule.learning_rate * rate(Phase(), task.progress, schedule.warmup)
    optimiser.zero_grad(set_to_none=True)
    losses(batch, step)["loss"].backward()
    torch.nn.utils.clip_grad_norm_(task.network.parameters(), schedule.clip or float("inf"))
    optimiser.step()


def main() -> int:
    """Print one JSON line per system; 1 if one missed the aim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help="config/training/NAME_small.yaml")
    parser.add_argument("--store", type=Path, required=True, help="folder that `hand_pose_ros render store` wrote")
    parser.add_argument("--minutes", type=float, default=4.0, help="CPU minutes per system")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16: faster on CPUs with AVX-512 BF16")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found = [
        overfit(name, lambda s: hands(args.store, args.count, s), args.minutes, args.batch, args.bf16)
        for name in args.names
    ]
    for row in found:
        print(json.dumps(row))
    return int(not all(row["aim"] for row in found))


if __name__ == "__main__":
    raise SystemExit(main())
