"""The error of a run on a clip whose ground truth lies beside it (``<clip>.json``, written by `render clip`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

SCHEMA = "hand_pose_ros/clip/1"
SEEN = 0.6
"""Least share of its keypoints that lie in the image for a true hand to be looked for."""
FARTHEST = 1.0
"""Mean keypoint distance in longer box sides beyond which a hand is another one (as in `evaluate`)."""
HELD = 3
"""HandPose.STATUS_PREDICTED: a pose that was not seen in its image; never for control, so never measured."""


class NoTruthError(ValueError):
    """The error cannot be measured; the text says why."""


def has_truth(source: str) -> bool:
    """Whether the true hands of a clip are known."""
    path = Path(source).with_suffix(".json")
    try:
        with path.open(encoding="utf-8") as file:
            return path != Path(source) and SCHEMA in file.read(200)
    except (OSError, ValueError):
        return False


def clip_error(source: str, bag: Path) -> dict:
    """Compare the hands in ``bag`` with the truth about ``source``, frame by frame.

    Returns counts of true and found hands and, over found ones, the mean 2D error as a share of the hand's longer box
    side and the mean joint errors in millimetres: absolute (in the camera frame, with the hand scale that was in force)
    and relative to the wrist; None if no hand was found. Raises NoTruthError where
    frames and truth cannot be brought together.
    """
    truth = json.loads(Path(source).with_suffix(".json").read_text(encoding="utf-8"))
    frames, size = truth["frames"], (truth["width"], truth["height"])
    rows, wanted = [], 0
    for number, hands in frames_of_bag(bag, len(frames)):
        seen = [hand for hand in map(_arrays, frames[number]["hands"]) if _in_image(hand["keypoints_px"], size)]
        wanted += len(seen)
        rows += [row for hand in seen if (row := _errors(hand, hands)) is not None]
    means = np.mean(rows, axis=0).tolist() if rows else [None] * 3
    names = ("error_2d", "absolute_mm", "relative_mm")
    return {"true_hands": wanted, "found_hands": len(rows)} | dict(zip(names, means, strict=True))


def frames_of_bag(bag: Path, count: int) -> list[tuple[int, list[dict]]]:
    """Numbers of frames with the hands said about them: the stamp of a frame's hands is that of its camera_info."""
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
    except ImportError as error:
        raise NoTruthError("the package rosbags is missing: pip install rosbags") from error

    stamps, hands = [], {}
    try:
        with AnyReader([bag]) as reader:
            for connection, _, data in reader.messages():
                kind = connection.msgtype.rpartition("/")[2]
                if kind in ("CameraInfo", "HandPoseArray"):
                    message = reader.deserialize(data, connection.msgtype)
                    stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
                    stamps.append(stamp) if kind == "CameraInfo" else hands.update({stamp: message.hands})
    except (AnyReaderError, OSError) as error:
        raise NoTruthError(f"the bag cannot be read: {error}") from error
    if len(set(stamps)) != count:
        raise NoTruthError(f"{len(set(stamps))} of {count} frames are in the bag, so that their numbers are not known")
    seen = {s: [_predicted(hand) for hand in hands[s] if hand.status != HELD and hand.metric] for s in hands}
    return [(number, seen[stamp]) for number, stamp in enumerate(sorted(set(stamps))) if stamp in seen]


def _predicted(message) -> dict[str, np.ndarray]:
    joints = [[point.x, point.y, point.z] for point in message.joints]
    keypoints = [[point.x, point.y] for point in message.keypoints]
    return {"joints_m": np.array(joints), "keypoints_px": np.array(keypoints)}


def _arrays(hand: dict) -> dict[str, np.ndarray]:
    return {name: np.array(hand[name], dtype=float) for name in ("joints_m", "keypoints_px")}


def _in_image(keypoints: np.ndarray, size: tuple[int, int]) -> bool:
    inside = ((keypoints > -0.5) & (keypoints < np.array(size) - 0.5)).all(axis=1)
    return bool(inside.mean() >= SEEN)


def _errors(truth: dict, hands: list[dict]) -> tuple[float, float, float] | None:
    """2D error, absolute and wrist-relative millimetres of the nearest hand; None if none is near."""
    box = np.ptp(truth["keypoints_px"], axis=0).max()
    distances = [_mean_distance(hand["keypoints_px"], truth["keypoints_px"]) / box for hand in hands]
    if not distances or not min(distances) <= FARTHEST:
        return None
    joints = hands[int(np.argmin(distances))]["joints_m"]
    if len(joints) != len(truth["joints_m"]):
        return None
    relative = _mean_distance(joints - joints[0], truth["joints_m"] - truth["joints_m"][0])
    return min(distances), 1e3 * _mean_distance(joints, truth["joints_m"]), 1e3 * relative


def _mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(first - second, axis=1).mean())
