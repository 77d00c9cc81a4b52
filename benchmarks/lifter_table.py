"""Forms and losses of a lifter side by side: same inputs, same budget, same seed.

    python benchmarks/lifter_table.py --pairs held_back.npz --data eval_dev [--steps 1000] [--markdown docs/lifter.md]

Pairs are what `hand_pose_ros teacher_noise OUT --split held_back --keep-pairs held_back.npz` keeps: what mediapipe_full
says of rendered hands with skins and poses that no training saw. DATA holds an index.json with labelled photographs;
there the lifters get what mediapipe_full says of the whole image. Errors of the normalised pose, resized to the true
hand scale: Procrustes-aligned, and with the wrists laid on each other. Placement plays no part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand_lifter import HandLifter
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.networks.lifter_forms import CanonicalLifter, TreeLifter, VectorLifter
from hand_pose_ros.networks.stage import TORCH, Stage
from hand_pose_ros.training.active_shape import ActiveShape, shape_weight
from hand_pose_ros.training.canonical_frame import relative, to_canonical
from hand_pose_ros.training.datasets.index_json import read_index
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.evaluation.matching import match
from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.lifting.pair_hands import hands_of, samples_of
from hand_pose_ros.training.lifting.teacher_noise import TeacherNoise
from hand_pose_ros.training.lifting.teacher_pairs import TeacherPairs
from hand_pose_ros.training.lifting.train_lifter import LifterConfig, skeleton_source
from hand_pose_ros.training.lifting.views import Batch, examples
from hand_pose_ros.training.losses.bones import bone_vectors
from hand_pose_ros.training.losses.shapes import active_shape_loss, canonical_loss, pose_loss, viewpoint_loss

MARKS = "<!-- lifter_table begin -->", "<!-- lifter_table end -->"


@dataclass(frozen=True)
class Entry:
    """One row: a network and its loss of (output, batch, progress)."""

    name: str
    network: Callable[[], torch.nn.Module]
    loss: Callable[[dict, Batch, float], torch.Tensor]


def distance(output, batch, _progress) -> torch.Tensor:
    """Mean distance of the joints."""
    return (output["joints"] - batch.joints).norm(dim=2).mean()


def with_bones(output, batch, progress) -> torch.Tensor:
    bones = (bone_vectors(output["joints"]) - bone_vectors(batch.joints)).norm(dim=2).mean()
    return distance(output, batch, progress) + 0.5 * bones


def canonical(output, batch, _progress) -> torch.Tensor:
    """Equations 8 and 9 of Zimmermann & Brox 2017."""
    ones = torch.ones(len(batch.joints))
    truth, rotation = to_canonical(relative(batch.joints), ones)
    weight = torch.ones(truth.shape[:2])
    return canonical_loss(output["canonical"], truth, weight) + viewpoint_loss(output["rotation"], rotation, ones)


def squared(output, batch, _progress) -> torch.Tensor:
    return pose_loss(output["joints"], batch.joints, torch.ones(batch.joints.shape[:2]))


def squared_with_shapes(model: ActiveShape):
    """L_pose and L_asm with falling weight (He et al. 2021, section 3.2.2)."""

    def loss(output, batch, progress) -> torch.Tensor:
        weight, factor = torch.ones(batch.joints.shape[:2]), shape_weight(progress)
        prior = active_shape_loss(output["joints"], batch.joints, weight, model)
        return (squared(output, batch, progress) + factor * prior) / (1.0 + factor)

    return loss


def entries(shapes: ActiveShape) -> list[Entry]:
    return [
        Entry("vector (direct)", VectorLifter, distance),
        Entry("tree of bones", TreeLifter, distance),
        Entry("vector, bones in the loss (shipped form)", VectorLifter, with_bones),
        Entry("tree, bones in the loss", TreeLifter, with_bones),
        Entry("canonical + viewpoint, losses 8 and 9", CanonicalLifter, canonical),
        Entry("canonical + viewpoint, distance of joints", CanonicalLifter, distance),
        Entry("vector, squared distance", VectorLifter, squared),
        Entry("vector, squared distance, ASM prior", VectorLifter, squared_with_shapes(shapes)),
    ]


def train(entry: Entry, config: LifterConfig, draw, teacher) -> tuple[torch.nn.Module, float]:
    """The network after ``config.steps`` and the CPU seconds that it took."""
    torch.manual_seed(0)
    network, generator, start = entry.network(), torch.Generator().manual_seed(1), time.thread_time()
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=config.steps, pct_start=0.1)
    for step in range(config.steps):
        batch = examples(draw(config.batch), config.noise, generator, teacher)
        optimiser.zero_grad(set_to_none=True)
        entry.loss(network(batch.inputs), batch, step / config.steps).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval(), time.thread_time() - start


def errors(network, hands: list, cameras: list, truths: list) -> tuple[float, float]:
    """Means in mm over hands: Procrustes-aligned, and relative to the wrist, with the true hand scale."""
    stage = None if network is None else Stage({}, None, TORCH, "cpu", network)
    lifted = HandLifter(stage)([[hand] for hand in hands], cameras)
    rows = [_errors(hand.normalized_joints, truth) for [hand], truth in zip(lifted, truths, strict=True)]
    return tuple(1e3 * np.mean(rows, axis=0))


def _errors(joints, truth) -> tuple[float, float]:
    joints = joints * np.linalg.norm(truth[9] - truth[0])
    placed = joints - joints[0] + truth[0]
    return tuple(np.linalg.norm(found - truth, axis=1).mean() for found in (procrustes_align(joints, truth), placed))


def rendered(path: Path, limit: int):
    """Hands, cameras and true joints of pairs whose side the model got right."""
    pairs = TeacherPairs.load(path)
    good = np.flatnonzero(pairs.left == pairs.said_left)[:limit]
    pairs = TeacherPairs(**{name: value[good] for name, value in vars(pairs).items()})
    samples = samples_of(pairs)
    return hands_of(pairs), [sample.camera for sample in samples], [sample.hands[0].joints_m for sample in samples]


def photographed(data: Path, model: str):
    """The same of labelled photographs: hands with 3D labels that the model finds."""
    estimator = HandEstimator(load_model(model, threads=1), EstimatorSettings(min_score=0.3, min_presence=0.3))
    columns = [], [], []
    for sample in read_index(data):
        if sample.camera is None or sample.hands[0].joints_m is None:
            continue
        hands = estimator(sample.image(), sample.camera)
        [index] = match(sample.hands[:1], [PredictedHand(hand.keypoints_px) for hand in hands])
        if index is not None:
            for column, item in zip(columns, (hands[index], sample.camera, sample.hands[0].joints_m), strict=True):
                column.append(item)
    return columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True, help="teacher pairs of the held-back split")
    parser.add_argument("--data", type=Path, required=True, help="folder with index.json")
    parser.add_argument("--teacher-noise", type=Path, default=Path("config/training/mediapipe_full_noise.npz"))
    parser.add_argument("--work", type=Path, default=Path("/tmp/lifter_table"), help="where drawn poses are kept")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--poses", type=int, default=20_000)
    parser.add_argument("--limit", type=int, default=800, help="pairs to test on")
    parser.add_argument("--markdown", type=Path, help="file whose marked section gets the table")
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = LifterConfig(steps=args.steps, batch=args.batch, poses=args.poses)
    draw = skeleton_source(config, args.work, 10, args.poses)
    teacher = TeacherNoise.load(args.teacher_noise)
    shapes = ActiveShape.fit(examples(draw(4096), config.noise, torch.Generator().manual_seed(2), teacher).joints)
    tests = rendered(args.pairs, args.limit), photographed(args.data, "mediapipe_full")
    counts = [len(hands) for hands, _, _ in tests]
    lines = [f"{args.steps} steps of {args.batch}; {counts[0]} rendered hands, {counts[1]} in photographs.", ""]
    lines += ["| | rendered: PA mm | root-relative mm | photographs: PA mm | root-relative mm | CPU s |"]
    lines += ["|---|---|---|---|---|---|"]
    for entry in [None, *entries(shapes)]:
        network, seconds = (None, 0.0) if entry is None else train(entry, config, draw, teacher)
        cells = [f"{value:.1f}" for test in tests for value in errors(network, *test)]
        name = "MediaPipe's own pose" if entry is None else entry.name
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |")
        print(lines[-1], flush=True)
    if args.markdown:
        before, rest = args.markdown.read_text().split(MARKS[0])
        table = "\n".join([MARKS[0], *lines, MARKS[1]])
        args.markdown.write_text(before + table + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    main()
