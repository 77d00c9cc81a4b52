"""Can a paper's system learn 64 rendered hands by heart? A network or a loss with a mistake in it cannot.

    python -m benchmarks.overfit_papers zimmermann he --store STORE --minutes 4

NAME means config/training/NAME_small.yaml: its network, its task, the phases and the learning rate of its schedule over
the minutes, on the same hands again and again, not augmented. Keypoints' mean distance in shares of the crop; below
0.01 is the aim. Minutes are those of this process on the CPU, so that other programs do not shorten the training. A
system that has no keypoints (a localiser) is measured by the figure that its task validates by.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from hand_pose_ros.training.augmentation import augment
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.loss_module import LossModule
from hand_pose_ros.training.trainer.optimiser import begin_phase, set_rate, training_mode
from hand_pose_ros.training.trainer.schedule import Phase, place, rate

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


def keypoint_errors(task, batch: HandBatch) -> list[float]:
    """Mean distance of each keypoint in shares of the crop: one that is far off has a map that stays empty."""
    with torch.no_grad():
        output = task.network.eval()(batch.images)
    if not isinstance(output, dict) or "keypoints" not in output:
        return []
    return [round(float(value), 3) for value in (output["keypoints"] - batch.keypoints).norm(dim=2).mean(0)]


class Learner:
    """The small version of one system at work: its phases and rates by the clock, no weight decay."""

    def __init__(self, name: str, half: bool):
        config = read_config(CONFIGS / f"{name}_small.yaml")
        self.task, self.size = config.build_task(), config.size
        self.schedule = replace(config.schedule, weight_decay=0.0)
        self.phases = self.schedule.phases or tuple(self.task.phases) or (Phase(),)
        # Channels last, as the trainer has them: a third faster.
        self.network = self.task.network.to(memory_format=torch.channels_last)
        self.losses = LossModule(self.task, self.network, "cpu" if half else None)
        self.phase, self.optimiser = -1, None

    def step(self, batch: HandBatch, number: int, progress: float) -> float:
        """One step of the optimiser at this share of the training; its loss."""
        index, within = place(self.phases, progress)
        phase = self.phases[index]
        if index != self.phase:
            self.phase, self.optimiser = index, begin_phase(self.network, phase, self.schedule)
        highest = phase.learning_rate or self.schedule.learning_rate
        set_rate(self.optimiser, highest * rate(phase, within, self.schedule.warmup))
        self.task.progress, self.task.phase = progress, phase.name
        training_mode(self.network)
        loss = self.losses(batch, number)["loss"]
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.schedule.clip or float("inf"))
        self.optimiser.step()
        return float(loss.detach())


def overfit(name: str, batch_of, minutes: float, size: int, half: bool = False) -> dict:
    """Train the small version of ``name`` on the same hands until the aim or the end of the minutes."""
    learner = Learner(name, half)
    batch = batch_of(learner.size)
    batch.images = batch.images.contiguous(memory_format=torch.channels_last)
    began, step, checked, loss, error = time.process_time(), 0, 0.0, float("nan"), float("inf")
    while error >= AIM:
        used = time.process_time() - began
        progress = min(used / (60.0 * minutes), 1.0)
        if used - checked > CHECK_EVERY_S or progress >= 1.0:
            checked, error = used, crop_error(learner.task, batch)
            print(f"{name}: {step} steps, {used:.0f} s of CPU, loss {loss:.4f}, error {error:.4f}", flush=True)
        if progress >= 1.0:
            break
        loss = learner.step(batch.rows(torch.randperm(len(batch))[:size]), step, progress)
        step += 1
    used = round(time.process_time() - began)
    print(f"{name}: error of each keypoint {keypoint_errors(learner.task, batch)}")
    return {"system": name, "hands": len(batch), "steps": step, "cpu_s": used, "error": error, "aim": error < AIM}


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
