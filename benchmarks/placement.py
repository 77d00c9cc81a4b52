"""From one lifted pose to metres in every way the package knows: what does placement add to the error?

    python benchmarks/placement.py --data eval_dev [--pairs held_back.npz] [--model mediapipe_lifted] [--markdown FILE]

DATA holds an index.json of labelled photographs; pairs are what `hand_pose_ros teacher_noise --keep-pairs` keeps (docs/
lifter.md). Each hand is observed and lifted once, and placed as the package does, by the lifter's own distance
alone, by `root_depth.place` from the same pose and pixels alone, by least squares, and by the closed form of two joints
(Iqbal et al. 2018). Errors in mm with the population's hand scale and with the true one; share of errors within one
stated deviation.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import HandPose
from hand_pose_ros.hand_lifter import HandLifter
from hand_pose_ros.hand_scale import JOINT_CENTRES_PRIOR, HandScales
from hand_pose_ros.lifted_placement import by_distance
from hand_pose_ros.metric_hand import pixels_of, placed
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.root_depth import root_depth_closed_form, root_least_squares
from hand_pose_ros.training.datasets.index_json import read_index
from hand_pose_ros.training.evaluation.evaluation import evaluate
from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.lifting.pair_hands import hands_of, samples_of
from hand_pose_ros.training.lifting.teacher_pairs import TeacherPairs

CHILDREN_M = 0.085
"""Wrist to middle MCP."""
MARKS = "<!-- placement begin -->", "<!-- placement end -->"
COLUMNS = {
    "PA": "aligned_mm", "root-relative": "relative_mm", "absolute": "absolute_mm",
    "absolute, true scale": "absolute_true_scale_mm", "depth bias": "depth_bias_mm",
    "covered across": "sigma_across", "along": "sigma_along",
}  # fmt: skip


def both(hand: HandPose, camera) -> HandPose:
    return placed(hand, camera, HandScales())


def by_lifter(hand: HandPose, camera) -> HandPose:
    try:
        found = by_distance(hand.normalized_joints, pixels_of(hand), hand.lift, camera, JOINT_CENTRES_PRIOR)
    except ValueError:
        return replace(hand, joints_m=None)
    return replace(_with(hand, found.joints_m / JOINT_CENTRES_PRIOR.mean_m), joint_stddev_m=found.joint_stddev_m)


def by_bones(hand: HandPose, camera) -> HandPose:
    return placed(replace(hand, lift=None), camera, HandScales())


def by_least_squares(hand: HandPose, camera) -> HandPose:
    pose, rays = hand.normalized_joints, camera.unproject(pixels_of(hand))
    return _with(hand, pose + root_least_squares(pose, rays))


def by_closed_form(hand: HandPose, camera) -> HandPose:
    pose, rays = hand.normalized_joints, camera.unproject(pixels_of(hand))
    return _with(hand, (root_depth_closed_form(pose, rays) + pose[:, 2:]) * rays)


WAYS = {
    "the package: mean of the next two": both, "the lifter's distance": by_lifter, "place()": by_bones,
    "least squares": by_least_squares, "closed form": by_closed_form,
}  # fmt: skip


def _with(hand: HandPose, joints: np.ndarray) -> HandPose:
    good = np.isfinite(joints).all()
    return replace(hand, joints_m=joints * JOINT_CENTRES_PRIOR.mean_m if good else None, hand_scale=JOINT_CENTRES_PRIOR)


def photographed(data: Path, model):
    """Samples with metres, and the lifted hands of each."""
    estimator = HandEstimator(model, EstimatorSettings(max_hands=4, min_score=0.3, min_presence=0.3))
    samples = [sample for sample in read_index(data) if sample.camera and sample.hands[0].joints_m is not None]
    cameras = [sample.camera for sample in samples]
    seen = [estimator.seen(sample.image(), camera) for sample, camera in zip(samples, cameras, strict=True)]
    return samples, estimator.lift(seen, cameras)


def rendered(path: Path, model, limit: int):
    """The same of the first ``limit`` teacher pairs whose side the image model got right."""
    pairs = TeacherPairs.load(path)
    good = np.flatnonzero(pairs.left == pairs.said_left)[:limit]
    pairs = TeacherPairs(**{name: value[good] for name, value in vars(pairs).items()})
    samples = [replace(sample, source=age(sample)) for sample in samples_of(pairs)]
    return samples, HandLifter(model.lifter)([[hand] for hand in hands_of(pairs)], [one.camera for one in samples])


def age(sample) -> str:
    """Children's hands apart: for them the population's scale is wrong."""
    joints = sample.hands[0].joints_m
    return "rendered, adults'" if np.linalg.norm(joints[9] - joints[0]) > CHILDREN_M else "rendered, children's"


def rows(samples, lifted) -> list[str]:
    lines = []
    for name, way in WAYS.items():
        placed_hands = [
            [way(hand, sample.camera) for hand in hands] for sample, hands in zip(samples, lifted, strict=True)
        ]
        found = [[_prediction(hand) for hand in hands] for hands in placed_hands]
        result = evaluate(name, samples, found).as_dict(resamples=0)
        for source, figures in result["sources"].items():
            cells = [_cell(figures[key]["value"], key) for key in COLUMNS.values()]
            lines.append(f"| {source} ({figures['hands']}) | {name} | " + " | ".join(cells) + " |")
    return sorted(lines, key=lambda line: line.split("|")[1])  # stable: ways stay in order


def _prediction(hand: HandPose) -> PredictedHand:
    return PredictedHand(
        hand.keypoints_px, hand.score, hand.handedness, hand.joints_m,
        hand.hand_scale.mean_m if hand.hand_scale else float("nan"), hand.keypoint_stddev_px, hand.joint_stddev_m,
    )  # fmt: skip


def _cell(value: float, key: str) -> str:
    return "" if not np.isfinite(value) else f"{value:.2f}" if key.startswith("sigma") else f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with index.json")
    parser.add_argument("--pairs", type=Path, help="teacher pairs of the held-back split")
    parser.add_argument("--limit", type=int, default=800, help="pairs that are used")
    parser.add_argument("--model", default="mediapipe_lifted")
    parser.add_argument("--markdown", type=Path, help="file whose marked part is replaced by the table")
    args = parser.parse_args()
    model = load_model(args.model, threads=1)
    lines = [f"Measured {date.today()}, {args.model}; millimetres.", ""]
    lines += ["| hands | way | " + " | ".join(COLUMNS) + " |", "|" + "---|" * (len(COLUMNS) + 2)]
    lines += rows(*photographed(args.data, model))
    lines += rows(*rendered(args.pairs, model, args.limit)) if args.pairs else []
    text = "\n".join(lines)
    print(text)
    if args.markdown:
        before, rest = args.markdown.read_text().split(MARKS[0])
        args.markdown.write_text(before + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    main()
