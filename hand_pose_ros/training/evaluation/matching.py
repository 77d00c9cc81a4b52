"""Which predicted hand belongs to which labelled hand."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.sample import HandLabel

FARTHEST = 1.0  # mean keypoint distance, in longer sides of the label's box, beyond which it is another hand


def box_size(label: HandLabel) -> float:
    """Longer side of the box around the labelled keypoints, pixels."""
    first_x, first_y, last_x, last_y = label.box_px
    return max(last_x - first_x, last_y - first_y)


def relative_error(label: HandLabel, hand: PredictedHand) -> float:
    """Mean distance of the labelled keypoints, in longer sides of the label's box."""
    return float(np.nanmean(np.linalg.norm(hand.keypoints_px - label.keypoints_px, axis=1)) / box_size(label))


def match(labels: tuple[HandLabel, ...], hands: list[PredictedHand]) -> list[int | None]:
    """For each label the index of its predicted hand, or None: the assignment of least total distance."""
    matches: list[int | None] = [None] * len(labels)
    if not labels or not hands:
        return matches
    cost = np.array([[relative_error(label, hand) for hand in hands] for label in labels])
    capped = np.where(np.isfinite(cost), np.minimum(cost, 10 * FARTHEST), 10 * FARTHEST)
    for row, column in zip(*linear_sum_assignment(capped), strict=True):
        if cost[row, column] <= FARTHEST:
            matches[row] = int(column)
    return matches


def box_iou(label: HandLabel, hand: PredictedHand) -> float:
    """Intersection over union of the upright boxes around the keypoints, 0 to 1."""
    first = label.box_px
    second = np.concatenate([np.nanmin(hand.keypoints_px, axis=0), np.nanmax(hand.keypoints_px, axis=0)])
    overlap = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0.0, None).prod()
    union = (first[2:] - first[:2]).prod() + (second[2:] - second[:2]).prod() - overlap
    return float(overlap / union) if union > 0 else 0.0
