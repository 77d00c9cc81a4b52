"""Fills a store with photographs whose hands a teacher (the models of this package) has found, for the localiser.

A hand counts when the teacher finds it in at least two of three views (as it is, mirrored, shrunk to 60 %) with the
keypoints at the same places; anything else that it takes for a hand is doubtful and teaches neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.hand import RIGHT
from hand_pose_ros.region import hand_distance
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, FRAMES, HAND, frame_row, stacked
from hand_pose_ros.training.sources.shards import shard_path, write_description, write_shard

SHARD = 500
SUFFIXES = {".jpg", ".jpeg", ".png"}
SHRUNK = 0.6
SAME, AGREES = 0.3, 0.1
"""Largest distance of two findings of one hand, and of two that agree, in hand extents."""
FEWEST_VIEWS = 2
LOWEST = 0.3
"""Score and presence above which the teacher's word is heard at all."""


@dataclass(frozen=True)
class Found:
    """What the teacher saw in one view, carried back to the photograph."""

    keypoints_px: np.ndarray
    right: float
    score: float


def photograph_paths(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted. ValueError if there are none."""
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise ValueError(f"no pictures under {folder}: give a folder with {sorted(SUFFIXES)}")
    return paths


def make_photograph_frames(
    folder: Path, sources: dict[str, Path], estimator, size: int = 256, progress: Callable[[int], None] = lambda n: None
) -> int:
    """Label and write the photographs of ``sources`` (name -> folder); the number of images. Continues where it was."""
    write_description(folder, {"format": FRAMES, "size": size, "shard": SHARD, "sources": list(sources)})
    jobs = [(number, path) for number, place in enumerate(sources.values()) for path in photograph_paths(place)]
    for number, start in enumerate(range(0, len(jobs), SHARD)):
        part = jobs[start : start + SHARD]
        if not shard_path(folder, number).exists():
            write_shard(folder, number, stacked(list(_rows(part, estimator, size))))
        progress(len(part))
    return len(jobs)


def _rows(jobs: Sequence[tuple[int, Path]], estimator, size: int) -> Iterator[dict]:
    for source, path in jobs:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is not None:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            yield frame_row(image, teacher_hands(image, estimator), size, source)


def teacher_hands(image: np.ndarray, estimator) -> list[tuple]:
    """(keypoints_px (21, 2), state, right) of what the teacher sees in an image (H, W, 3); hands before doubts."""
    groups: list[list[Found]] = []
    for view in (_plain, _mirrored, _shrunk):
        seen: list[list[Found]] = []
        for found in view(image, estimator):
            group = next((g for g in groups if hand_distance(g[0].keypoints_px, found.keypoints_px) < SAME), None)
            # One view shows a hand once: a second finding at the same place is dropped.
            if group is None:
                groups.append(group := [])
            elif any(group is other for other in seen):
                continue
            group.append(found)
            seen.append(group)
    return sorted((_verdict(group) for group in groups), key=lambda hand: hand[1])


def _verdict(group: list[Found]) -> tuple:
    keypoints = np.median([found.keypoints_px for found in group], axis=0)
    close = sum(hand_distance(keypoints, found.keypoints_px) < AGREES for found in group)
    sure = close >= FEWEST_VIEWS and max(found.score for found in group) >= 0.5
    return keypoints, HAND if sure else DOUBTFUL, float(np.mean([found.right for found in group]))


def _plain(image: np.ndarray, estimator) -> list[Found]:
    return [Found(hand.keypoints_px, _right(hand), hand.score) for hand in estimator(image)]


def _mirrored(image: np.ndarray, estimator) -> list[Found]:
    width = image.shape[1]
    return [
        Found(np.column_stack([width - 1 - found.keypoints_px[:, 0], found.keypoints_px[:, 1]]), 1 - found.right,
              found.score)
        for found in _plain(np.ascontiguousarray(image[:, ::-1]), estimator)
    ]  # fmt: skip


def _shrunk(image: np.ndarray, estimator) -> list[Found]:
    height, width = image.shape[:2]
    small = cv2.resize(image, (round(width * SHRUNK), round(height * SHRUNK)), interpolation=cv2.INTER_AREA)
    square = np.zeros_like(image)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    factor = np.array([width / small.shape[1], height / small.shape[0]])
    return [
        Found((found.keypoints_px - (left, top) + 0.5) * factor - 0.5, found.right, found.score)
        for found in _plain(square, estimator)
    ]


def _right(hand) -> float:
    return hand.handedness_score if hand.handedness == RIGHT else 1 - hand.handedness_score
