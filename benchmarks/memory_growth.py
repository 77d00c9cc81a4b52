"""Growth of a process's memory over a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WARM_UP = 0.1  # share of the run in which caches may fill


@dataclass(frozen=True)
class MemoryGrowth:
    """Memory in MB after the warm-up, at the end and at most; growth as shares of the first."""

    start_mb: float
    end_mb: float
    largest_mb: float
    fitted: float
    """Of the straight line through all samples after the warm-up."""
    peak: float
    """Of the largest sample."""

    @property
    def worst(self) -> float:
        return max(self.fitted, self.peak)


def growth(frames: np.ndarray, memory_mb: np.ndarray) -> MemoryGrowth:
    """Growth from the first tenth of the ``frames`` (n,) to the end; ValueError with less than ten samples there."""
    late = frames >= frames[0] + _WARM_UP * (frames[-1] - frames[0])
    if late.sum() < 10:
        raise ValueError(f"only {late.sum()} samples after the warm-up: run longer")
    x, y = frames[late], memory_mb[late]
    slope, _ = np.polyfit(x - x[0], y, 1)
    return MemoryGrowth(y[0], y[-1], y.max(), slope * (x[-1] - x[0]) / y[0], y.max() / y[0] - 1.0)
