"""What a training tells while it runs: the interface; ``progress_bar.py`` and ``curves.py`` show and store it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moment:
    """Where a training is."""

    step: int
    progress: float
    """Share of the budget, 0 to 1."""
    left_s: float
    """Seconds that are left at the present speed."""
    phase: str
    losses: dict[str, float]
    learning_rate: float
    gradient_norm: float
    examples_per_s: float
    waiting: float
    """Share of the time in which the loop waited for data."""


class Report:
    """Told of moments and figures; this one keeps silent."""

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def moment(self, moment: Moment) -> None:
        """Every few steps."""

    def figures(self, step: int, figures: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """After a validation."""

    def close(self) -> None:
        """At the end, however it ends."""


class Reports(Report):
    """Several in one."""

    def __init__(self, reports: Sequence[Report]):
        self._reports = reports

    def moment(self, moment: Moment) -> None:
        """Told to each."""
        for report in self._reports:
            report.moment(moment)

    def figures(self, step: int, figures: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """Told to each."""
        for report in self._reports:
            report.figures(step, figures, pictures)

    def close(self) -> None:
        """Told to each."""
        for report in self._reports:
            report.close()
