"""How far are the joints from labelled ones, in pixels and in metres? One table per way of placing the hand.

    python benchmarks/eval_absolute.py DATA [--model mediapipe_full] [--mediapipe-dump FILE.npz] [--markdown FILE]

DATA holds index.json: a list of image, source, width, height, hand, K [fx, fy, cx, cy] or null, kp2d (21, 2), xyz_m
(21, 3) in the camera frame or null, vis (21,) or null. Labels are used for scoring and for the true hand scale only.
A dump is what the MediaPipe package says about the same images (benchmarks/dump_mediapipe.py); its world landmarks are
placed by OpenCV's SQPnP. Columns: found hands; 2D error over the longer side of the labels' box; PCK at 0.1 of it; then
millimetres: Procrustes-aligned, relative to the wrist, absolute, of depth. Scales: "prior" is the package's population
prior, "label" the label's own wrist-to-middle-MCP length, "size" the label's total length of bones over that of the
mean hand, which no longer depends on where the annotators of a data set put the middle MCP joint. The rows "label
pixels" and "label pose" give place() the label's keypoints or pose instead of the network's: what each one costs.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import MIDDLE_MCP, WRIST, HandScale
from hand_pose_ros.hand_scale import POPULATION_PRIOR, HandScales
from hand_pose_ros.kinematics import bone_lengths, normalize
from hand_pose_ros.metric_hand import placed
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.pose_fusion import similar
from hand_pose_ros.root_depth import root_depth_closed_form, root_least_squares
from hand_pose_ros.skeleton_fit import LENGTHS

FOUND_WITHIN = 0.5  # a hand whose 2D error is larger is another one
SCALES = ("prior", "label", "size")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with index.json")
    parser.add_argument("--model", default="mediapipe_full")
    parser.add_argument("--mediapipe-dump", type=Path, help="npz of benchmarks/dump_mediapipe.py")
    parser.add_argument("--min-score", type=float, default=0.3, help="localiser threshold")
    parser.add_argument("--markdown", type=Path, help="write the tables there, too")
    args = parser.parse_args()
    items = json.loads((args.data / "index.json").read_text())
    methods = our_methods(args, items)
    if args.mediapipe_dump:
        methods.update(mediapipe_methods(args.mediapipe_dump, items))
    text = report(args, items, methods)
    print(text)
    if args.markdown:
        args.markdown.write_text(text + "\n")


def camera_of(item) -> CameraModel | None:
    return CameraModel.from_intrinsics(item["width"], item["height"], item["K"]) if item["K"] else None


def true_scale(item, kind: str) -> HandScale:
    """The hand scale of a labelled hand; the prior for "prior" and where there is no 3D label."""
    if kind == "prior" or item["xyz_m"] is None:
        return POPULATION_PRIOR
    joints = np.array(item["xyz_m"])
    size = bone_lengths(joints).sum() / LENGTHS[:20].sum()
    return HandScale(normalize(joints)[1] if kind == "label" else float(size), 0.002, "user")


def our_methods(args, items) -> dict:
    """name -> per item (keypoints, {scale kind: joints}) or None; observed once, placed in every way."""
    estimator = HandEstimator(load_model(args.model), EstimatorSettings(max_hands=4, min_score=args.min_score))
    observed = []
    for item in items:
        image = cv2.cvtColor(cv2.imread(str(args.data / item["image"])), cv2.COLOR_BGR2RGB)
        camera = camera_of(item)
        boxes = [detection.box for detection in estimator.detect([image])[0]]
        hands = [hand for hand in estimator.observe([image], [boxes], [camera])[0] if hand is not None]
        hands = estimator.lift([hands], [camera])[0]
        observed.append(nearest(hands, item))
    ways = {
        "place()": package,
        "least squares": least_squares,
        "closed form (Iqbal 2018)": closed_form,
        "place(), label pixels": package,
        "place(), label pose": package,
    }
    return {
        f"{args.model}, {way}": [each(hand, item, way, method) for hand, item in zip(observed, items, strict=True)]
        for way, method in ways.items()
    }


def each(hand, item, way, method):
    if hand is None:
        return None
    keypoints, joints = hand.keypoints_px, {}
    if item["K"] and item["xyz_m"]:
        if way.endswith("label pixels"):
            hand = replace(hand, keypoints_px=np.array(item["kp2d"]))
        if way.endswith("label pose"):
            hand = replace(hand, normalized_joints=normalize(np.array(item["xyz_m"]))[0])
        joints = {kind: method(hand, camera_of(item), true_scale(item, kind)) for kind in SCALES}
    return keypoints, joints


def package(hand, camera, scale):
    return placed(hand, camera, HandScales(scale, scale)).joints_m


def least_squares(hand, camera, scale):
    pose, rays = hand.normalized_joints, camera.unproject(hand.keypoints_px)
    return (pose + root_least_squares(pose, rays)) * scale.mean_m


def closed_form(hand, camera, scale):
    pose, rays = hand.normalized_joints, camera.unproject(hand.keypoints_px)
    return (root_depth_closed_form(pose, rays) + pose[:, 2:]) * rays * scale.mean_m


def mediapipe_methods(path, items) -> dict:
    """The MediaPipe package: world landmarks as they are, and resized to the hand scale, placed by SQPnP."""
    dump = np.load(path)
    plain, resized = [], []
    for item, keypoints, world in zip(items, dump["keypoints_px"], dump["world_m"], strict=True):
        if np.isnan(keypoints).any():
            plain.append(None)
            resized.append(None)
            continue
        joints, own = {}, {}
        if item["K"] and item["xyz_m"]:
            pose, _ = normalize(world)
            joints = {kind: sqpnp(pose * true_scale(item, kind).mean_m, keypoints, item["K"]) for kind in SCALES}
            own = dict.fromkeys(SCALES, sqpnp(world, keypoints, item["K"]))
        plain.append((keypoints, own))
        resized.append((keypoints, joints))
    return {"MediaPipe package, SQPnP, its own size": plain, "MediaPipe package, SQPnP, resized": resized}


def sqpnp(joints, keypoints, intrinsics):
    fx, fy, cx, cy = intrinsics
    matrix = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
    _, rotation, translation = cv2.solvePnP(joints, keypoints, matrix, None, flags=cv2.SOLVEPNP_SQPNP)
    return joints @ cv2.Rodrigues(rotation)[0].T + translation.T


def nearest(hands, item):
    errors = [error_2d(hand.keypoints_px, item)[0].mean() for hand in hands]
    return hands[int(np.argmin(errors))] if hands else None


def error_2d(keypoints, item):
    """Distances of the visible keypoints over the longer side of their box, and that side in pixels."""
    visible = np.array(item["vis"] or [1] * 21) > 0
    truth = np.array(item["kp2d"])[visible]
    side = np.ptp(truth, axis=0).max()
    return np.linalg.norm(np.asarray(keypoints)[visible] - truth, axis=1) / side, side


def errors_3d(joints, truth) -> list[float]:
    """Millimetres: Procrustes-aligned, relative to the wrist, absolute, depth of the middle MCP."""

    def mean(a, b):
        return np.linalg.norm(a - b, axis=1).mean() * 1e3

    relative = mean(joints - joints[WRIST], truth - truth[WRIST])
    depth = abs(joints[MIDDLE_MCP, 2] - truth[MIDDLE_MCP, 2]) * 1e3
    return [mean(similar(joints, truth), truth), relative, mean(joints, truth), depth]


def report(args, items, methods) -> str:
    machine = platform.processor() or platform.machine()
    lines = [f"Measured {date.today()}, {machine}, Python {platform.python_version()}."]
    sources = dict.fromkeys(item["source"] for item in items)
    lines += ["", "| source | method | found | 2D error | PCK@0.1 |", "|---|---|---|---|---|"]
    lines += [row_2d(items, results, source, name) for source in sources for name, results in two_d(methods)]
    lines += ["", "| source | method | scale | PA | relative | absolute: mean | median | depth: mean | median |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for source in sources:
        if any(item["source"] == source and item["xyz_m"] for item in items):
            for name, results in methods.items():
                lines += [row_3d(items, results, source, name, kind) for kind in SCALES]
    return "\n".join(lines)


def two_d(methods):
    """Methods that differ in keypoints: the first of ours and the first of the package's."""
    seen = {name.split(",")[0]: (name.split(",")[0], results) for name, results in reversed(methods.items())}
    return reversed(seen.values())


def row_2d(items, results, source, name) -> str:
    pairs = [pair for pair in zip(items, results, strict=True) if pair[0]["source"] == source and pair[1]]
    errors = [error_2d(result[0], item)[0] for item, result in pairs]
    errors = [error for error in errors if error.mean() < FOUND_WITHIN]
    total = sum(item["source"] == source for item in items)
    if not errors:
        return f"| {source} | {name} | 0 of {total} | | |"
    mean, pck = np.mean([error.mean() for error in errors]), np.mean([np.mean(error < 0.1) for error in errors])
    return f"| {source} | {name} | {len(errors)} of {total} | {mean:.3f} | {pck:.3f} |"


def row_3d(items, results, source, name, kind) -> str:
    rows = [
        errors_3d(result[1][kind], np.array(item["xyz_m"])) if result[1][kind] is not None else None
        for item, result in zip(items, results, strict=True)
        if item["source"] == source and result and result[1] and error_2d(result[0], item)[0].mean() < FOUND_WITHIN
    ]
    missing = sum(row is None for row in rows)
    rows = np.array([row for row in rows if row is not None]).reshape(-1, 4)
    if not len(rows):
        return f"| {source} | {name} | {kind} | | | | | | |"
    mean, median = rows.mean(axis=0), np.median(rows, axis=0)
    cells = [mean[0], mean[1], mean[2], median[2], mean[3], median[3]]
    without = f" ({missing} without metres)" if missing else ""
    return f"| {source} | {name}{without} | {kind} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |"


if __name__ == "__main__":
    main()
