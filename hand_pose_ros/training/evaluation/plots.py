"""Curves of several systems in one picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

from hand_pose_ros.training.evaluation.evaluation import Evaluation
from hand_pose_ros.training.evaluation.summary import curve

matplotlib.use("Agg")
from matplotlib import pyplot

PANELS = (
    ("pixels", 1.0, 30.0, "2D error (px)"),
    ("aligned_m", 1e3, 50.0, "3D error, Procrustes-aligned (mm)"),
    ("relative_m", 1e3, 80.0, "3D error, wrist at the origin (mm)"),
    ("absolute_m", 1e3, 150.0, "3D error, camera frame (mm)"),
)


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
