"""Hand or no hand: the image as a whole, and hands that are not there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.sample import Sample


def presence_figures(
    samples: Sequence[Sample],
    predictions: Sequence[list[PredictedHand]],
    matched: Sequence[int],
    threshold: float = 0.5,
) -> dict[str, float]:
    """Accuracy, precision, recall, F1 and ROC AUC of «a hand is in this image», and false positives per image.

    ``matched``: per image the number of predicted hands that belong to a label. False positives count only where the
    labels are exhaustive. ROC AUC needs images without hands; NaN otherwise.
    """
    truth, score = truth_and_score(samples, predictions)
    said = score >= threshold
    true_positive, false_positive = int((said & truth).sum()), int((said & ~truth).sum())
    precision = _ratio(true_positive, true_positive + false_positive)
    recall = _ratio(true_positive, int(truth.sum()))
    extra = [
        len(hands) - count
        for sample, hands, count in zip(samples, predictions, matched, strict=True)
        if sample.exhaustive
    ]
    return {
        "accuracy": float((said == truth).mean()) if len(truth) else float("nan"),
        "precision": precision,
        "recall": recall,
        "f1": _ratio(2 * true_positive, 2 * true_positive + false_positive + int((~said & truth).sum())),
        "roc_auc": roc_auc(score[truth], score[~truth]),
        "false_positives_per_image": float(np.mean(extra)) if extra else float("nan"),
        "images_without_hand": int((~truth).sum()),
    }


def truth_and_score(samples, predictions) -> tuple[np.ndarray, np.ndarray]:
    """Per image whether it shows a labelled hand, and the score of the best predicted hand (0 without one)."""
    truth = np.array([bool(sample.hands) for sample in samples], dtype=bool)
    return truth, np.array([max((hand.score for hand in hands), default=0.0) for hands in predictions])


def threshold_sweep(truth: np.ndarray, score: np.ndarray, thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Recall, false positive rate and F1 at each threshold (as in Kourbane & Genc 2021, Figure 6)."""
    said = score[:, None] >= thresholds
    true_positive = (said & truth[:, None]).sum(axis=0)
    false_positive = (said & ~truth[:, None]).sum(axis=0)
    positive, negative = max(int(truth.sum()), 1), max(int((~truth).sum()), 1)
    f1 = 2 * true_positive / np.maximum(true_positive + false_positive + truth.sum(), 1)
    return {"recall": true_positive / positive, "false_positive_rate": false_positive / negative, "f1": f1}


def roc_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive scores above a negative, ties one half (Hanley & McNeil 1982)."""
    if not len(positive) or not len(negative):
        return float("nan")
    greater = (positive[:, None] > negative).mean()
    equal = (positive[:, None] == negative).mean()
    return float(greater + equal / 2.0)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
