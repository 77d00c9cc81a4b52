"""The comparisons that the papers make between forms of their own networks, on a problem small enough for a CPU.

    python -m benchmarks.ablations --output DIR --makehuman DIR [--only heatmaps scales] [--seeds 2]

The problem: rendered crops, seen at 32 pixels, of one right hand, upright, that shows the camera its palm or its back;
nothing before, beside or in it. Held-back crops have other skins, shapes and named poses. Within a comparison every
variant is config/training/NAME_small.yaml, as ``ablation_variants`` changes it, with the same steps, seeds, crops and
order of crops, not augmented. Trainings that are done are not repeated. DIR/table.md gets one table per comparison:
means over the seeds, and half of the range over them. He's hourglasses need 64 pixels.

given_mm   mean joint distance from the wrist when the view and the hand's size are given, as He et al. are given them
halfway    PCK@0.1 after half of the steps, on a part of the held-back crops: whether the network was still learning
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.ablation_variants import COMPARISONS, VARIANTS, Variant
from benchmarks.narrow_hands import draw_stores
from benchmarks.seed_table import markdown
from hand_pose_ros.networks.he import HePose
from hand_pose_ros.training.augmentation import AugmentationSettings, cut
from hand_pose_ros.training.crop_evaluation import evaluate_crops, flat
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_targets import mirrored
from hand_pose_ros.training.papers.he_task import posed
from hand_pose_ros.training.sources.rendered_store import RenderedStore
from hand_pose_ros.training.trainer.config import TrainConfig, read_config
from hand_pose_ros.training.trainer.report import Report
from hand_pose_ros.training.trainer.trainer import train

CONFIGS = Path(__file__).parents[1] / "config" / "training"
BATCH, CURVE_CROPS = 32, 256
COLUMNS = {
    "error_2d": ("2D", "{:.3f}"), "pck_0.1": ("PCK@0.1", "{:.3f}"), "joints": ("3D normalised", "{:.3f}"),
    "aligned_mm": ("PA mm", "{:.1f}"), "relative_mm": ("root-rel. mm", "{:.1f}"),
    "given_mm": ("given view, mm", "{:.1f}"), "side": ("side", "{:.3f}"), "halfway": ("PCK halfway", "{:.3f}"),
    "parameters": ("M parameters", "{:.2f}"), "cpu_minutes": ("CPU min", "{:.1f}"),
}  # fmt: skip


class Curve(Report):
    """Keeps PCK@0.1 and the normalised 3D error of every validation."""

    def __init__(self):
        self.points: list[dict] = []

    def figures(self, step, figures, pictures) -> None:
        """After a validation."""
        wanted = {name: figures.get(f"all/{name}") for name in ("pck_0.1", "error_2d", "joints")}
        self.points.append({"step": step} | wanted)


def configured(name: str, seed: int, args) -> TrainConfig:
    """The small version's configuration, changed as the variant says."""
    variant = VARIANTS[name]
    config = read_config(CONFIGS / f"{variant.config}_small.yaml")
    steps = max(round(variant.steps * args.share), 1)
    schedule = replace(
        config.schedule, steps=steps, minutes=0.0, batch=BATCH, validate_every=max(steps // 4, 1), average=0.98,
        precision=args.precision,
    )  # fmt: skip
    network, task = config.network | variant.network, config.task | variant.task
    return replace(
        config,
        name=name,
        network=network,
        task=task,
        size=variant.size,
        augmentation=None,
        schedule=schedule,
        seed=seed,
    )


def held_back_crops(store: Path, variant: Variant) -> list[HandBatch]:
    """All crops of the store in order, at the variant's size; for both sides every second one mirrored."""
    source = RenderedStore(store)
    batches = [source.rows(range(start, min(start + 64, len(source)))) for start in range(0, len(source), 64)]
    batches = [cut(batch, AugmentationSettings(), variant.size) for batch in batches]
    if not variant.both_sides:
        return batches
    return [mirrored(batch, torch.arange(len(batch)) % 2 == 1) for batch in batches]


def trained(name: str, seed: int, args) -> dict:
    """Figures of one variant with one seed, trained now unless its folder says that this was done."""
    folder, config = args.output / f"{name}_{seed}", configured(name, seed, args)
    done = folder / "ablation.json"
    if done.exists() and json.loads(done.read_text())["steps"] == config.schedule.steps:
        return json.loads(done.read_text())
    task, curve, began = config.build_task(), Curve(), time.process_time()
    batches = held_back_crops(args.output / "held_back", VARIANTS[name])
    source = RenderedStore(args.output / "train", seed)
    shown = batches[: CURVE_CROPS // 64]
    train(task, config, folder, args.device, source=source, held_back=shown, report=curve)
    minutes = (time.process_time() - began) / 60.0
    figures = {"name": name, "seed": seed, "steps": config.schedule.steps, "cpu_minutes": minutes}
    figures |= measured(load(name, seed, args), batches) | {"curve": curve.points}
    done.write_text(json.dumps(figures, indent=1))
    return figures


def load(name: str, seed: int, args):
    """The trained network of a variant."""
    from safetensors.torch import load_file

    network = configured(name, seed, args).build_task().network
    network.load_state_dict(load_file(args.output / f"{name}_{seed}" / f"{name}.safetensors"))
    return network.eval()


def measured(network, batches: list[HandBatch]) -> dict[str, float]:
    """Figures on held-back crops."""
    with torch.no_grad():
        found = flat(evaluate_crops(network, batches, sections=(), resamples=0))
    figures = {name.removeprefix("all/"): value for name, value in found.items()}
    figures["parameters"] = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    return figures | ({"given_mm": given_mm(network, batches)} if isinstance(network, HePose) else {})


def given_mm(network: HePose, batches: list[HandBatch]) -> float:
    """Mean joint distance from the wrist, mm, with the true view and hand scale."""
    distances = []
    for batch in batches:
        hands = batch.rows(batch.present > 0.5)
        with torch.no_grad():
            found = posed(network(hands.images), hands)
        error = (found - found[:, :1] - hands.joints + hands.joints[:, :1]).norm(dim=2)
        distances.append(error * hands.hand_scale[:, None] * 1000.0)
    return float(torch.cat(distances).mean())


def tables(rows: list[dict], only) -> str:
    """One table per comparison that has rows; a column that nobody fills is left out."""
    text = ""
    for comparison in only:
        chosen = [row | halfway(row) for name in COMPARISONS[comparison] for row in rows if row["name"] == name]
        columns = {key: value for key, value in COLUMNS.items() if any(key in row for row in chosen)}
        text += markdown(chosen, columns, comparison) + "\n"
    return text


def halfway(row: dict) -> dict:
    """PCK@0.1 nearest to half of the steps."""
    middle = min(row["curve"], key=lambda point: abs(point["step"] - row["steps"] / 2))
    return {"halfway": middle["pck_0.1"]}


def main() -> int:
    """Draw the crops, train what is missing, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=tuple(COMPARISONS))
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1))
    parser.add_argument("--share", type=float, default=1.0, help="of the steps of each variant; more for a GPU")
    parser.add_argument("--crops", type=int, default=8000, help="training crops to draw")
    parser.add_argument("--makehuman", type=Path, help="MakeHuman's data folder, else $HAND_POSE_ROS_MAKEHUMAN")
    parser.add_argument("--processes", type=int, default=1, help="renderers at the same time")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "fp32"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    draw_stores(args.output, args.crops, args.makehuman, args.processes)
    rows = []
    for seed in args.seeds:
        for name in dict.fromkeys(name for comparison in args.only for name in COMPARISONS[comparison]):
            rows.append(trained(name, seed, args))
            print(tables(rows[-1:], [c for c in args.only if name in COMPARISONS[c]][:1]), flush=True)
    (args.output / "table.md").write_text(tables(rows, args.only))
    print(tables(rows, args.only))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
