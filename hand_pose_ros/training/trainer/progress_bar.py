"""A bar on the terminal with loss, speed and time left; where there is no terminal, a line now and then."""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from hand_pose_ros.training.trainer.report import Moment, Report

LINE_EVERY_S = 30.0


class ProgressBar(Report):
    """Shows moments; prints figures above the bar."""

    def __init__(self, console: Console, steps: int):
        self._console, self._steps, self._line_at = console, steps, time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.percentage:>3.0f} %"))
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("starting", total=1.0)
        self._bar.start()

    def moment(self, moment: Moment) -> None:
        """Move the bar, or print a line if the last one is old."""
        text = describe(moment, self._steps)
        self._bar.update(self._task, completed=moment.progress, description=text)
        if not self._console.is_terminal and time.monotonic() - self._line_at > LINE_EVERY_S:
            self._console.print(f"{100 * moment.progress:.0f} %  {text}", highlight=False)
            self._line_at = time.monotonic()

    def figures(self, step: int, figures: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """One line."""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._console.print(f"step {step}: {shown}", highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


def describe(moment: Moment, steps: int) -> str:
    """Phase, step, loss, speed, share of waiting and time left."""
    left = time.strftime("%H:%M:%S", time.gmtime(max(moment.left_s, 0.0)))
    return (
        f"{moment.phase}  step {moment.step}/{steps}  loss {moment.losses['loss']:.4g}  "
        f"{moment.examples_per_s:.0f}/s  waiting {100 * moment.waiting:.0f} %  {left} left"
    )
