"""Hand or no hand by the count of a skeleton's foreground pixels (Kourbane & Genc 2021, Figure 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.evaluation.presence import roc_auc, threshold_sweep
from hand_pose_ros.training.hand_batch import HandBatch

FOREGROUND = 0.5
"""Probability from which on a pixel is foreground."""
THRESHOLDS = np.concatenate([[0.0], np.geomspace(1e-4, 0.3, 120)])
"""Shares of the crop's pixels."""


def foreground_shares(
    segment: Callable[[torch.Tensor], torch.Tensor], batches: Iterable[HandBatch]
) -> tuple[np.ndarray, np.ndarray]:
    """Per crop the share of foreground pixels, and whether it shows a hand. ``segment`` maps images (N, 3, S, S) to
    the skeleton's probabilities (N, S, S)."""
    shares, truth = [], []
    with torch.no_grad():
        for batch in batches:
            shares.append((segment(batch.images) > FOREGROUND).float().mean(dim=(1, 2)).cpu().numpy())
            truth.append((batch.present > 0.5).cpu().numpy())
    return np.concatenate(shares), np.concatenate(truth)


def sweep(shares: np.ndarray, truth: np.ndarray, thresholds: np.ndarray = THRESHOLDS) -> dict:
    """Recall, false positive rate and F1 by threshold, the area under the ROC curve, and the threshold of the best F1.

    Of equally good thresholds the middle one. ValueError without crops of both kinds.
    """
    if truth.all() or not truth.any():
        raise ValueError(f"{int(truth.sum())} of {len(truth)} crops show a hand: give crops with and without")
    rates = threshold_sweep(truth, shares, thresholds)
    best = np.flatnonzero(rates["f1"] == rates["f1"].max())
    chosen = int(best[len(best) // 2])
    return {
        "thresholds": thresholds,
        **rates,
        "roc_auc": roc_auc(shares[truth], shares[~truth]),
        "best_threshold": float(thresholds[chosen]),
        "best_f1": float(rates["f1"][chosen]),
    }


def save_sweeps(sweeps: Mapping[str, dict], path: Path) -> None:
    """Write ROC curves and F1 by threshold of several segmentations as PNG."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(8.4, 3.8), constrained_layout=True)
    for name, found in sweeps.items():
        axes[0].plot(found["false_positive_rate"], found["recall"], label=f"{name}, AUC {found['roc_auc']:.3f}")
        axes[1].semilogx(found["thresholds"][1:], found["f1"][1:], label=name)
        axes[1].plot(found["best_threshold"], found["best_f1"], "k.")
    axes[0].set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes[1].set(xlabel="least share of foreground pixels", ylabel="F1", ylim=(0, 1.01))
    for axis in axes:
        axis.grid(alpha=0.3)
    axes[0].legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
