"""The four losses of He et al. 2021 (their Table 1) on the 3D stage alone: depths from places on the image.

    python -m benchmarks.he_losses --stores STORES --output DIR --steps 2000

The losses differ in 3D only, so the hourglasses are left out: the perceptron is shown the true places with noise of 1.5
pixels of 256 and the side, in place of features, and says the depths of 20 joints. As in the paper the view and the
hand's size are given, to make joints of places and depths. Losses and weights are ``HeTask``'s. Labels of STORES/train,
measured on STORES/held_back, millimetres at the hand's true size.

given     mean joint distance from the wrist: the figure of Table 1
PA        the same after Procrustes alignment
length    mean difference of the bones' lengths
direction mean angle between bones
depth     slope of the found depths on the true ones, least squares: below 1 the hands are flatter than they are
halfway   ``given`` after half of the steps

Means over ``--seeds``, and half of the range over them. Writes table.md and table.json.
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
from torch import nn

from benchmarks.lifting_table import Curve, whole_hands
from benchmarks.seed_table import markdown
from hand_pose_ros.networks.he import DepthPerceptron
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.bones import bone_vectors
from hand_pose_ros.training.papers.he_task import VERSIONS, HeTask, posed
from hand_pose_ros.training.papers.label_store import LabelStore
from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.schedule import Schedule
from hand_pose_ros.training.trainer.trainer import train

NOISE = 1.5 / 256.0
FEATURES, HIDDEN = 1024, (512, 256)
COLUMNS = {
    "mean_mm": ("given view, mm", "{:.1f}"), "aligned_mm": ("PA mm", "{:.1f}"), "length_mm": ("length mm", "{:.1f}"),
    "direction_deg": ("direction deg", "{:.1f}"), "depth_slope": ("depth", "{:.2f}"),
    "halfway_mm": ("given view, mm, halfway", "{:.1f}"), "cpu_s": ("CPU s", "{:.0f}"),
}  # fmt: skip


class DepthFromPlaces(nn.Module):
    """Places (N, 21, 2) in fractions of the crop and sides (N,) to ``relative_depth`` (N, 21), in hand scales."""

    def __init__(self):
        super().__init__()
        self.features = nn.Linear(43, FEATURES)
        self.perceptron = DepthPerceptron(FEATURES, HIDDEN)

    def forward(self, places: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        """``keypoints``, the places themselves, and ``relative_depth``, 0 for the wrist."""
        shown = torch.cat([4.0 * (places - places[:, :1]).flatten(1), right[:, None] - 0.5], 1)
        depth, _ = self.perceptron(self.features(shown))
        return {"keypoints": places, "relative_depth": nn.functional.pad(depth.float(), (1, 0))}


class DepthTask(HeTask):
    """``HeTask`` without images."""

    best = "mean_mm"

    def loss(self, network, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The terms of the version and their sum."""
        terms = self._pose_terms(answer(network, batch), batch)
        return {"loss": sum(terms.values()), **terms}

    def validate(self, network, batches) -> dict[str, float]:
        """The table's figures, with the same noise every time."""
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            found = posed(answer(network, batches[0]), batches[0])
            return figures(found.cpu(), batches[0].to("cpu", non_blocking=False))

    def prepare(self, batch: HandBatch, augment: bool, generator: torch.Generator) -> HandBatch:
        """As it is."""
        return batch

    def pictures(self, network, batch) -> dict[str, np.ndarray]:
        """None."""
        return {}


def answer(network, batch: HandBatch) -> dict[str, torch.Tensor]:
    """Depths of places with noise. The view is given: ``posed`` asks for the network's, and takes the true one."""
    places = batch.keypoints + NOISE * torch.randn_like(batch.keypoints)
    return network(places, torch.nan_to_num(batch.right)) | dict.fromkeys(("size", "closeness"), batch.hand_scale)


def figures(found: torch.Tensor, hands: HandBatch) -> dict[str, float]:
    """The table's figures of joints (N, 21, 3) in hand scales."""
    scale = 1000.0 * hands.hand_scale[:, None]
    found, truth = found - found[:, :1], hands.joints - hands.joints[:, :1]
    pairs = zip(found.double().numpy(), truth.double().numpy(), strict=True)
    aligned = np.array([np.linalg.norm(procrustes_align(one, other) - other, axis=1) for one, other in pairs])
    ours, theirs = bone_vectors(found), bone_vectors(truth)
    angle = torch.rad2deg(nn.functional.cosine_similarity(ours, theirs, dim=2).clamp(-1.0, 1.0).acos())
    return {
        "mean_mm": float(((found - truth).norm(dim=2) * scale).mean()),
        "aligned_mm": float((torch.from_numpy(aligned) * scale).mean()),
        "length_mm": float(((ours.norm(dim=2) - theirs.norm(dim=2)).abs() * scale).mean()),
        "direction_deg": float(angle.mean()),
        "depth_slope": float((found[..., 2] * truth[..., 2]).sum() / truth[..., 2].square().sum()),
    }


def trained(version: str, seed: int, held_back: HandBatch, args) -> dict:
    """Figures of one training."""
    torch.manual_seed(seed)
    task, curve, began = DepthTask(DepthFromPlaces(), version=version), Curve(), time.process_time()
    schedule = Schedule(
        steps=args.steps, batch=args.batch, learning_rate=args.learning_rate, weight_decay=0.0, average=0.99,
        clip=0.0, validate_every=max(args.steps // 2, 1),
    )  # fmt: skip
    source = LabelStore(args.stores / "train", seed)
    with tempfile.TemporaryDirectory() as folder:
        config = replace(TrainConfig(version), schedule=schedule, seed=seed)
        found = train(task, config, Path(folder), args.device, source=source, held_back=[held_back], report=curve)
    used = {"cpu_s": time.process_time() - began, "halfway_mm": curve.mean_mm[0]}
    return {"name": version, "seed": seed} | found | used


def main() -> int:
    """Train, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=Path, required=True, help="folder with the stores train and held_back")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=VERSIONS, default=tuple(VERSIONS))
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--count", type=int, default=2000, help="held-back hands")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.output.mkdir(parents=True, exist_ok=True)
    held_back, rows = whole_hands(args.stores / "held_back", args.count), []
    for version in args.only:
        for seed in range(args.seeds):
            rows.append(trained(version, seed, held_back, args))
            print(json.dumps(rows[-1]), flush=True)
    (args.output / "table.json").write_text(json.dumps(rows, indent=1))
    table = markdown(rows, COLUMNS, "loss")
    (args.output / "table.md").write_text(table)
    print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
