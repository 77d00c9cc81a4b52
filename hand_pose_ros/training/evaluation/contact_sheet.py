"""A sheet of the worst hands of one system: truth in white, prediction in colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.evaluation.evaluation import Evaluation
from hand_pose_ros.training.evaluation.matching import box_size, match
from hand_pose_ros.training.sample import Sample

TILE = 224
TRUTH, FOUND = (255, 255, 255), (255, 140, 0)


def save_worst(evaluation: Evaluation, samples: Sequence[Sample], path: Path, columns: int = 6, rows: int = 4) -> None:
    """Write the ``columns * rows`` hands of largest 2D error (missed ones first), worst first, as PNG."""
    tiles = sorted(_tiles(evaluation, samples), key=lambda item: -item[0])[: columns * rows]
    pictures = [draw() for _, draw in tiles]
    pictures += [np.zeros((TILE, TILE, 3), np.uint8)] * (-len(pictures) % columns)
    lines = [np.hstack(pictures[start : start + columns]) for start in range(0, len(pictures), columns)]
    if lines:
        cv2.imwrite(str(path), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))


def _tiles(evaluation, samples):
    errors = iter(evaluation.errors)
    for sample, hands in zip(samples, evaluation.predictions, strict=True):
        pairs = match(sample.hands, hands)
        for label, index in zip(sample.hands, pairs, strict=True):
            error = next(errors)
            hand = None if index is None else hands[index]
            badness = error.relative_pixels if error.found else np.inf
            yield badness, lambda s=sample, la=label, h=hand, b=badness: _tile(s, la, h, b)


def _tile(sample, label, hand, badness) -> np.ndarray:
    scale = TILE / (1.6 * box_size(label))
    centre = (label.box_px[:2] + label.box_px[2:]) / 2.0
    affine = np.array([[scale, 0, TILE / 2 - scale * centre[0]], [0, scale, TILE / 2 - scale * centre[1]]])
    tile = cv2.warpAffine(sample.image(), affine, (TILE, TILE), borderValue=(40, 40, 40))
    _skeleton(tile, label.keypoints_px, affine, TRUTH)
    if hand is not None:
        _skeleton(tile, hand.keypoints_px, affine, FOUND)
    text = "missed" if hand is None else f"{badness:.3f}"
    cv2.putText(tile, f"{text} {sample.source}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, FOUND, 1, cv2.LINE_AA)
    return tile


def _skeleton(tile, keypoints, affine, colour):
    points = keypoints @ affine[:, :2].T + affine[:, 2]
    for first, second in BONES:
        ends = points[[first, second]]
        if np.isfinite(ends).all():
            cv2.line(tile, *(tuple(int(v) for v in np.round(end)) for end in ends), colour, 1, cv2.LINE_AA)
