"""The systems of the five papers and their ablations, small versions, trained on the same examples; one table.

    python -m benchmarks.compare_papers --stores STORES --output DIR [--examples 24000] [--precision bf16] [--only NAME]

Each NAME of ``SYSTEMS`` is config/training/NAME.yaml. All see the same number of rendered crops in the same order of
seeds; CPU minutes are those of this process. Trainings continue where they stopped, finished ones are not repeated.
Measured on the store ``held_back`` (other skins, shapes, named poses) by ``training/crop_evaluation``, millimetres with
the true hand scale. Parameters and operations are those of one crop; milliseconds are ONNX Runtime's on one thread.
``--model NAME`` adds the pose network of a shipped model to the same table. End to end on photographs, next to
MediaPipe: ``--install`` copies the weights into models/, then `hand_pose_ros evaluate zimmermann ... --data eval_dev`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from hand_pose_ros.networks.build import load_model
from hand_pose_ros.networks.onnx_export import cached_onnx
from hand_pose_ros.networks.stage import onnx_session
from hand_pose_ros.training.augmentation import augment
from hand_pose_ros.training.crop_evaluation import evaluate_crops
from hand_pose_ros.training.trainer.config import TrainConfig, read_config
from hand_pose_ros.training.trainer.data import Stores, close, held_back_batches, training_source
from hand_pose_ros.training.trainer.preparation import Preparation
from hand_pose_ros.training.trainer.report import Moment, Report
from hand_pose_ros.training.trainer.trainer import train

ROOT = Path(__file__).parents[1]
SYSTEMS = (
    "zimmermann_small", "chernytska_small", "kourbane_small", "shin_small", "he_small",
    "zimmermann_handseg_small", "kourbane_localiser_small", "shin_localiser_small",
    "chernytska_latent_small", "chernytska_tree_small", "kourbane_single_scale_small", "kourbane_multi_scale_small",
    "he_bones_small", "he_cos1_small", "he_cos2_small", "shin_classifier_small",
)  # fmt: skip
"""The five systems, what finds the hands for three of them, and the variants that the papers compare."""
COLUMNS = {
    "error_2d": ("2D", "{:.3f}"), "pck_0.1": ("PCK@0.1", "{:.3f}"), "joints": ("3D normalised", "{:.3f}"),
    "aligned_mm": ("PA mm", "{:.1f}"), "relative_mm": ("root-rel. mm", "{:.1f}"), "absolute_mm": ("abs. mm", "{:.1f}"),
    "side": ("side", "{:.3f}"), "presence_auc": ("presence AUC", "{:.3f}"),
}  # fmt: skip
COSTS = {
    "parameters": ("M parameters", "{:.2f}"), "operations": ("GFLOP", "{:.3f}"), "ms": ("ms", "{:.1f}"),
    "examples": ("examples", "{:.0f}"), "cpu_minutes": ("CPU min", "{:.1f}"),
}  # fmt: skip


class Steps(Report):
    """A line now and then."""

    def __init__(self, name: str):
        self._name, self._shown = name, time.monotonic()

    def moment(self, moment: Moment) -> None:
        """Told of every 20th step."""
        if time.monotonic() - self._shown > 30.0:
            self._shown = time.monotonic()
            print(f"{self._name}: {100 * moment.progress:.0f} %, loss {moment.losses['loss']:.3f}", flush=True)


def budgeted(name: str, args) -> TrainConfig:
    """The configuration with the comparison's budget."""
    config = read_config(ROOT / "config" / "training" / f"{name}.yaml")
    config = config.with_budget(max(args.examples // config.schedule.batch, 1), None, None)
    average = replace(config.schedule, precision=args.precision, validate_every=0, average=0.99)
    return replace(config, schedule=average)


def trained(name: str, args) -> dict:
    """Figures of ``name``, trained now unless its folder says that this was done."""
    folder, config = args.output / name, budgeted(name, args)
    done = folder / "comparison.json"
    if done.exists() and json.loads(done.read_text())["examples"] == config.schedule.steps * config.schedule.batch:
        return json.loads(done.read_text())
    stores, task, began = Stores(args.stores), config.build_task(), time.process_time()
    source = training_source(task, config, stores)
    train(task, config, folder, args.device, source=source, report=Steps(name))
    close(source)
    minutes = (time.process_time() - began) / 60.0
    batches = held_back_batches(task, replace(config, validation=replace(config.validation, count=args.count)), stores)
    prepare = Preparation(task, config, args.device, 0)
    batches = [prepare(batch, index, augment=False) for index, batch in enumerate(batches)]
    figures = measured(task, load_average(task, folder, config), batches)
    figures |= costs(task.network.eval(), config) | {"cpu_minutes": minutes}
    figures |= {"system": name, "examples": config.schedule.steps * config.schedule.batch}
    done.write_text(json.dumps(figures, indent=1))
    return figures


def load_average(task, folder: Path, config: TrainConfig):
    """The task's network with the exported weights."""
    from safetensors.torch import load_file

    weights = load_file(folder / f"{config.name}.safetensors")
    task.network.load_state_dict(weights)
    return task.network.eval()


def measured(task, network, batches) -> dict:
    """Figures on crops; a localiser's own validation."""
    with torch.no_grad():
        output = network(batches[0].images[:1])
        if isinstance(output, dict) and "keypoints" in output:
            crops = evaluate_crops(network, batches, sections=("rotation", "mirrored"), sees=task.sees, absolute=True)
            return {"crops": crops}
        return {"localiser": {name: float(value) for name, value in task.validate(network, batches).items()}}


def costs(network, config: TrainConfig) -> dict:
    """Millions of parameters, 10^9 multiplications and additions, milliseconds of one crop."""
    example = torch.zeros(1, 3, config.size, config.size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(example)
    part = {"network": config.network["class"], "arguments": config.network}
    session = onnx_session(cached_onnx(network, part, example), 1)
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()) / 1e6,
        "operations": counter.get_total_flops() / 1e9,
        "ms": milliseconds(session, example.numpy()),
    }


def milliseconds(session, example: np.ndarray, calls: int = 40) -> float:
    """Median of one call."""
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        session.run(None, {"inputs": example})
        times.append(1e3 * (time.perf_counter() - began))
    return float(np.median(times[5:]))


def shipped(name: str, args) -> dict:
    """The pose network of a model on the same crops, enlarged or reduced to its own size."""
    config = budgeted(SYSTEMS[0], args)
    task, stores = config.build_task(), Stores(args.stores)
    batches = held_back_batches(task, replace(config, validation=replace(config.validation, count=args.count)), stores)
    stage = load_model(name, "cpu", 1, runtime="torch").pose
    batches = [augment(batch, None, torch.Generator(), stage.input_size) for batch in batches]
    sees = stage.card.get("sees", "both")
    return {"system": name, "crops": evaluate_crops(stage, batches, ("rotation", "mirrored"), sees, absolute=True)}


def rows(found: list[dict]) -> list[str]:
    """The table's lines in Markdown."""
    titles = [title for title, _ in (*COLUMNS.values(), *COSTS.values())]
    lines = ["| " + " | ".join(["system", *titles]) + " |", "|" + "---|" * (len(titles) + 1)]
    for figures in found:
        crops = figures.get("crops", {}).get("all", {})
        cells = [form.format(crops[name]["value"]) if name in crops else "" for name, (_, form) in COLUMNS.items()]
        cells += [form.format(figures[name]) if name in figures else "" for name, (_, form) in COSTS.items()]
        lines.append("| " + " | ".join([figures["system"].removesuffix("_small"), *cells]) + " |")
    return lines


def install(output: Path, models: Path) -> list[str]:
    """Copy the trained weights that cards in ``models`` name; the names of the copied files."""
    copied = []
    for path in sorted(output.glob("*/*_small.safetensors")):
        if any(path.name in card.read_text() for card in models.glob("*.yaml")):
            shutil.copy(path, models / path.name)
            copied.append(path.name)
    return copied


def main() -> int:
    """Train what is missing, measure, write table.md and table.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=Path, required=True, help="folder of the stores `train` and `held_back`")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--model", nargs="*", default=[], help="shipped models, for comparison")
    parser.add_argument("--examples", type=int, default=24_000, help="crops that each network learns from")
    parser.add_argument("--count", type=int, default=1000, help="held-back crops")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "fp32"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--install", action="store_true", help="copy the weights that cards name into models/")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found = [trained(name, args) for name in args.only]
    if args.install:
        print("installed:", *install(args.output, ROOT / "models"))
    found += [shipped(name, args) for name in args.model]
    (args.output / "table.json").write_text(json.dumps(found, indent=1))
    (args.output / "table.md").write_text("\n".join(rows(found)) + "\n")
    print("\n".join(rows(found)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
