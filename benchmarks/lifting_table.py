"""Table 2 of Zimmermann & Brox 2017: ways of lifting keypoints to 3D, side by side on the same labels.

    python -m benchmarks.lifting_table --stores STORES --output DIR --steps 1500 --small --precision bf16

Each network is trained by config/training/zimmermann_lifting_NAME.yaml, of the published size, on the labels of
STORES/train; NN remembers them. ``--small``: the lifting of zimmermann_small, maps of 16 x 16 and half of the width.
Measured on STORES/held_back, true keypoints with noise of 1.5 pixels of 256.

median      distance of a joint at the hand's true size, mm: the paper's figure, middle MCPs laid on each other
mean        the same, mean
PA          mean after Procrustes alignment: the shape alone
viewpoint   median angle between the canonical frame of the answer and the true one, degrees: the direction alone
halfway     ``mean`` after half of the steps: whether the network was still learning

Means over ``--seeds``, and half of the range over them. Writes table.md, table.json and hands.npz (all answers).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.seed_table import markdown
from hand_pose_ros.networks.nearest_neighbour import NearestNeighbourLifting
from hand_pose_ros.networks.zimmermann import normalised
from hand_pose_ros.training.canonical_frame import relative, viewpoint
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.papers.label_store import LabelStore
from hand_pose_ros.training.papers.lifting_task import LiftingTask
from hand_pose_ros.training.papers.zimmermann_task import score_maps
from hand_pose_ros.training.trainer.config import TrainConfig, read_config
from hand_pose_ros.training.trainer.report import Report
from hand_pose_ros.training.trainer.trainer import train

CONFIGS = Path(__file__).parents[1] / "config" / "training"
NAMES = ("proposed", "direct", "bottleneck", "local")
REMEMBERED = "nearest neighbour"
SMALL = {"network": {"width": 0.5, "map_size": 16}, "task": {"map_size": 16, "variance": 196.0}}
"""As in config/training/zimmermann_small.yaml."""
COLUMNS = {
    "median_mm": ("median mm", "{:.1f}"), "mean_mm": ("mean mm", "{:.1f}"), "aligned_mm": ("PA mm", "{:.1f}"),
    "viewpoint_deg": ("viewpoint deg", "{:.1f}"), "halfway_mm": ("mean mm, halfway", "{:.1f}"),
    "parameters": ("M parameters", "{:.2f}"), "cpu_s": ("CPU s", "{:.0f}"),
}  # fmt: skip


class Curve(Report):
    """Keeps ``mean_mm`` of every validation."""

    def __init__(self):
        self.mean_mm: list[float] = []

    def figures(self, step, figures, pictures) -> None:
        """After a validation."""
        self.mean_mm.append(figures["mean_mm"])


def budgeted(name: str, seed: int, args) -> TrainConfig:
    """The configuration of a row with the command line's budget and width."""
    config = read_config(CONFIGS / f"zimmermann_lifting_{name}.yaml").with_budget(args.steps, None, args.batch)
    schedule = replace(
        config.schedule, validate_every=max(args.steps // 2, 1), precision=args.precision, average=0.99,
        learning_rate=args.learning_rate,
    )  # fmt: skip
    changes = SMALL if args.small else {"network": {}, "task": {}}
    parts = {name: getattr(config, name) | change for name, change in changes.items()}
    return replace(config, **parts, schedule=schedule, seed=seed)


def trained(name: str, seed: int, labels: LabelStore, held_back: HandBatch, args) -> tuple[LiftingTask, float]:
    """The task of one row, its averaged network trained, and the mean error halfway."""
    config, curve = budgeted(name, seed, args), Curve()
    task = config.build_task()
    with tempfile.TemporaryDirectory() as folder:
        train(task, config, Path(folder), args.device, source=labels, held_back=[held_back], report=curve)
        from safetensors.torch import load_file

        task.network.load_state_dict(load_file(Path(folder) / f"{config.name}.safetensors"))
    return task, curve.mean_mm[0]


def remembered(labels: LabelStore, seed: int, args) -> tuple[LiftingTask, float]:
    """The row NN: it remembers every training hand, or ``--memory`` of them."""
    hands = labels.batch(args.memory) if args.memory < len(labels.hands) else labels.hands
    task = budgeted(NAMES[0], seed, args).build_task()
    task.network = NearestNeighbourLifting(len(hands))
    task.network.remember(hands.keypoints, torch.nan_to_num(hands.right), hands.joints)
    return task, float("nan")


def lifted(task: LiftingTask, hands: HandBatch, map_size: int) -> torch.Tensor:
    """Joints (N, 21, 3) about the middle MCP, in hand scales, from true score maps with the same noise for all."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        maps = score_maps(hands, map_size, task.settings)
        return normalised(task.network.cpu().eval()(maps, torch.nan_to_num(hands.right))["joints"].float())


def figures(found: torch.Tensor, hands: HandBatch) -> dict[str, float]:
    """The table's figures of joints (N, 21, 3) in hand scales."""
    scale = hands.hand_scale[:, None]
    distance = (found - hands.joints).norm(dim=2) * scale * 1000.0
    pairs = zip(found.double().numpy(), hands.joints.double().numpy(), strict=True)
    aligned = np.array([np.linalg.norm(procrustes_align(one, other) - other, axis=1) for one, other in pairs])
    turn = viewpoint(relative(found)) @ viewpoint(relative(hands.joints)).transpose(1, 2)
    cosine = (turn.diagonal(dim1=1, dim2=2).sum(1) - 1.0) / 2.0
    return {
        "median_mm": float(distance.median()),
        "mean_mm": float(distance.mean()),
        "aligned_mm": float((aligned * scale.numpy()).mean() * 1000.0),
        "viewpoint_deg": float(torch.rad2deg(cosine.clamp(-1.0, 1.0).acos()).median()),
    }


def whole_hands(store: Path, count: int) -> HandBatch:
    """Up to ``count`` hands of a store that are labelled completely."""
    hands = LabelStore(store).hands
    hands = hands.rows((hands.joint_weight > 0).all(1) & torch.isfinite(hands.hand_scale))
    return hands.rows(slice(0, count))


def row(name: str, seed: int, held_back: HandBatch, args) -> tuple[dict, torch.Tensor]:
    """Figures and answers of one training."""
    began, labels = time.process_time(), LabelStore(args.stores / "train", seed)
    made = remembered(labels, seed, args) if name == REMEMBERED else trained(name, seed, labels, held_back, args)
    task, halfway = made
    used, found = time.process_time() - began, lifted(task, held_back, 16 if args.small else 32)
    size = sum(parameter.numel() for parameter in task.network.parameters()) / 1e6
    said = {"name": name, "seed": seed, "halfway_mm": halfway, "cpu_s": used, "parameters": size}
    return said | figures(found, held_back), found


def main() -> int:
    """Train, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=Path, required=True, help="folder with the stores train and held_back")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=(*NAMES, REMEMBERED), default=(*NAMES, REMEMBERED))
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--small", action="store_true", help="smaller maps, half of the width")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--count", type=int, default=2000, help="held-back hands")
    parser.add_argument("--memory", type=int, default=100_000, help="hands that NN remembers")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "fp32"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.output.mkdir(parents=True, exist_ok=True)
    held_back, rows, answers = whole_hands(args.stores / "held_back", args.count), [], {}
    for name in args.only:
        for seed in range(1 if name == REMEMBERED else args.seeds):
            made, found = row(name, seed, held_back, args)
            rows.append(made)
            answers[f"{name} {seed}"] = found.numpy()
            print(
                json.dumps(
                    {key: round(value, 3) if isinstance(value, float) else value for key, value in made.items()}
                ),
                flush=True,
            )
    (args.output / "table.json").write_text(json.dumps(rows, indent=1))
    np.savez(args.output / "hands.npz", truth=held_back.joints.numpy(), **answers)
    table = markdown(rows, COLUMNS, "lifting")
    (args.output / "table.md").write_text(table)
    print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
