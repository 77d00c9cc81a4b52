"""Curves of several systems in one picture."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np

from hand_pose_ros.training.evaluation.evaluation import Evaluation
from hand_pose_ros.training.evaluation.presence import threshold_sweep
from hand_pose_ros.training.evaluation.summary import coverage, curve, over_sigma

matplotlib.use("Agg")
from matplotlib import pyplot

PANELS = (
    ("pixels", 1.0, 30.0, "2D error (px)"),
    ("aligned_m", 1e3, 50.0, "3D error, Procrustes-aligned (mm)"),
    ("relative_m", 1e3, 80.0, "3D error, wrist at the origin (mm)"),
    ("absolute_m", 1e3, 150.0, "3D error, camera frame (mm)"),
)


DIRECTIONS = {"pixel": "keypoints, pixels", "across": "joints, across the ray", "along": "joints, along the ray"}


def save_curves(evaluations: list[Evaluation], path: Path) -> None:
    """Write the PCK curves (share of keypoints within a distance) of all systems as PNG."""
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(4.2 * len(PANELS), 3.8), constrained_layout=True)
    for axis, (name, factor, last, label) in zip(axes, PANELS, strict=True):
        thresholds = np.linspace(0.0, last, 200)
        for evaluation in evaluations:
            distances = factor * np.concatenate([getattr(error, name) for error in evaluation.errors])
            axis.plot(thresholds, curve(distances, thresholds), label=evaluation.system)
        axis.set(xlabel=label, ylabel="share of keypoints", xlim=(0, last), ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[0].legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def save_calibration(evaluations: list[Evaluation], path: Path) -> bool:
    """Write how many errors lie within k stated deviations, beside the normal distribution; False if none is stated."""
    multiples = np.linspace(0.0, 4.0, 100)
    expected = np.array([math.erf(multiple / math.sqrt(2.0)) for multiple in multiples])
    figure, axes = pyplot.subplots(1, len(DIRECTIONS), figsize=(4.2 * len(DIRECTIONS), 3.8), constrained_layout=True)
    drawn = False
    for axis, (direction, label) in zip(axes, DIRECTIONS.items(), strict=True):
        for evaluation in evaluations:
            ratios = over_sigma(evaluation.errors, direction)
            if len(ratios):
                axis.plot(multiples, coverage(ratios, multiples), label=evaluation.system)
                drawn = True
        axis.plot(multiples, expected, "k:", label="normal distribution")
        axis.set(xlabel=f"stated deviations ({label})", ylabel="share of errors within", xlim=(0, 4), ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[0].legend(loc="lower right", fontsize=8)
    return _written(figure, path, drawn)


def save_presence(evaluations: list[Evaluation], path: Path) -> bool:
    """Write ROC curve and F1 by threshold of "a hand is in this image"; False without images of both kinds."""
    thresholds = np.linspace(0.0, 1.0, 201)
    figure, axes = pyplot.subplots(1, 2, figsize=(8.4, 3.8), constrained_layout=True)
    drawn = False
    for evaluation in evaluations:
        if evaluation.truth.all() or not evaluation.truth.any():
            continue
        drawn, rates = True, threshold_sweep(evaluation.truth, evaluation.score, thresholds)
        axes[0].plot(rates["false_positive_rate"], rates["recall"], label=evaluation.system)
        axes[1].plot(thresholds, rates["f1"], label=evaluation.system)
    axes[0].set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes[1].set(xlabel="score threshold", ylabel="F1", xlim=(0, 1), ylim=(0, 1.01))
    for axis in axes:
        axis.grid(alpha=0.3)
    if drawn:
        axes[0].legend(loc="lower right", fontsize=8)
    return _written(figure, path, drawn)


def _written(figure, path: Path, drawn: bool) -> bool:
    if drawn:
        figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return drawn
