"""From the errors of many hands to the figures of a table, each with a bootstrap confidence interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hand_pose_ros.hand import FINGERS, KEYPOINT_NAMES
from hand_pose_ros.training.evaluation.hand_errors import HandErrors

JOINT_TYPES = {
    "base": (1, 5, 9, 13, 17),
    "second": (2, 6, 10, 14, 18),
    "third": (3, 7, 11, 15, 19),
    "tip": (4, 8, 12, 16, 20),
}
Statistic = Callable[[Sequence[HandErrors]], float]


def pck(errors: Sequence[HandErrors], threshold: float = 0.1) -> float:
    """Share of labelled keypoints of found hands within ``threshold`` longer box sides."""
    ratios = np.concatenate([e.pixels / e.box_size_px for e in errors]) if errors else np.array([])
    ratios = ratios[np.isfinite(ratios)]
    return float((ratios <= threshold).mean()) if len(ratios) else float("nan")


def curve(distances: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Percentage of correct keypoints (0 to 1) at each threshold; NaN distances do not count."""
    distances = distances[np.isfinite(distances)]
    if not len(distances):
        return np.full(len(thresholds), np.nan)
    return (distances[:, None] <= thresholds).mean(axis=0)


def area_under_curve(distances: np.ndarray, first: float, last: float) -> float:
    """Area under the PCK curve between two thresholds, divided by their distance (Zimmermann & Brox 2017, Table 1)."""
    heights = curve(distances, np.linspace(first, last, 101))
    return float((heights[1:] + heights[:-1]).mean() / 2.0)


def _joined(errors, name):
    return np.concatenate([getattr(e, name) for e in errors]) if errors else np.array([np.nan])


def _mean_of(name: str, factor: float = 1.0) -> Statistic:
    """Mean over hands of each hand's mean over joints."""
    return lambda errors: factor * _nanmean([_nanmean(np.atleast_1d(getattr(e, name))) for e in errors])


def _nanmean(values) -> float:
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _nanmedian(values) -> float:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")


def over_sigma(errors: Sequence[HandErrors], direction: str) -> np.ndarray:
    """All components' errors over their stated deviations, in one direction."""
    ratios = np.concatenate([e.over_sigma.get(direction, [np.nan]) for e in errors] or [[np.nan]])
    return ratios[np.isfinite(ratios)]


def coverage(ratios: np.ndarray, multiples: np.ndarray) -> np.ndarray:
    """Share of errors within each multiple of their deviation; NaN without errors."""
    return (ratios[:, None] <= multiples).mean(axis=0) if len(ratios) else np.full(len(multiples), np.nan)


def _covered(direction: str) -> Statistic:
    return lambda errors: coverage(over_sigma(errors, direction), np.ones(1))[0]


STATISTICS: dict[str, Statistic] = {
    "found": lambda errors: float(np.mean([e.found for e in errors])) if errors else float("nan"),
    "error_2d": _mean_of("relative_pixels"),
    "pck_0.1": pck,
    "epe_px_mean": lambda errors: _nanmean(_joined(errors, "pixels")),
    "epe_px_median": lambda errors: _nanmedian(_joined(errors, "pixels")),
    "auc_0_30_px": lambda errors: area_under_curve(_joined(errors, "pixels"), 0.0, 30.0),
    "aligned_mm": _mean_of("aligned_m", 1e3),
    "relative_mm": _mean_of("relative_m", 1e3),
    "relative_true_scale_mm": _mean_of("relative_true_scale_m", 1e3),
    "absolute_mm": _mean_of("absolute_m", 1e3),
    "absolute_true_scale_mm": _mean_of("absolute_true_scale_m", 1e3),
    "depth_bias_mm": _mean_of("depth_m", 1e3),
    "auc_20_50_mm": lambda errors: area_under_curve(1e3 * _joined(errors, "relative_m"), 20.0, 50.0),
    "box_iou": _mean_of("box_iou"),
    "handedness": _mean_of("handedness_right"),
    "sigma_pixel": _covered("pixel"),
    "sigma_across": _covered("across"),
    "sigma_along": _covered("along"),
}


def summarise(errors: Sequence[HandErrors], resamples: int = 500, seed: int = 0) -> dict[str, dict[str, float]]:
    """Every statistic with its 95 % bootstrap interval over hands: name -> value, low, high.

    Errors are over found hands; ``found`` itself over all. Hands of one video are alike, so true intervals are wider.
    """
    generator = np.random.default_rng(seed)
    draws = [generator.integers(0, len(errors), len(errors)) for _ in range(resamples)] if errors else []
    samples = [[errors[index] for index in draw] for draw in draws]
    result = {}
    for name, statistic in STATISTICS.items():
        value = statistic(errors)
        spread = [statistic(sample) for sample in samples] if np.isfinite(value) else []
        finite = np.array([item for item in spread if np.isfinite(item)])
        low, high = np.percentile(finite, [2.5, 97.5]) if len(finite) else (np.nan, np.nan)
        result[name] = {"value": value, "low": float(low), "high": float(high)}
    return result


def by_joint(errors: Sequence[HandErrors]) -> dict[str, dict[str, float]]:
    """Mean relative 2D error and aligned and absolute millimetres per finger, per joint type and per keypoint."""
    groups = {finger: tuple(range(4 * i + 1, 4 * i + 5)) for i, finger in enumerate(FINGERS)}
    groups |= JOINT_TYPES | {name: (i,) for i, name in enumerate(KEYPOINT_NAMES)}
    return {name: _group(errors, list(indices)) for name, indices in groups.items()}


def _group(errors, indices) -> dict[str, float]:
    return {
        "error_2d": _nanmean([_nanmean(e.pixels[indices]) / e.box_size_px for e in errors]),
        "aligned_mm": 1e3 * _nanmean([_nanmean(e.aligned_m[indices]) for e in errors]),
        "absolute_mm": 1e3 * _nanmean([_nanmean(e.absolute_m[indices]) for e in errors]),
    }
