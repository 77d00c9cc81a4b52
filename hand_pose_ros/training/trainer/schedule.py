"""How long, how fast and what learns: phases with warm-up and cosine, over steps or minutes, whichever end first."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hand_pose_ros.settings import check, setting

LOWEST = 0.01
"""Share of the learning rate at which a cosine ends."""


@dataclass(frozen=True)
class Phase:
    """A stretch of the training in which chosen parts of the network learn."""

    name: str = setting("all", "Name, for curves and the progress bar.")
    share: float = setting(1.0, "Share of the whole budget; shares are divided by their sum.", minimum=0.0)
    learn: tuple[str, ...] = ()
    """Parts that learn: beginnings of parameter names such as ``encoder``; empty: all. The rest stands still."""
    learning_rate: float = setting(0.0, "At its highest; 0: the schedule's.", minimum=0.0)
    rates: dict[str, float] = field(default_factory=dict)
    """Part -> factor of the learning rate."""
    decay: str = setting("cosine", "How the learning rate falls.", choices=("cosine", "constant"))
    augment: bool = setting(True, "Whether batches are augmented.")


@dataclass(frozen=True)
class Schedule:
    """The budget and the optimiser's settings."""

    steps: int = setting(10_000, "Steps of the optimiser.", minimum=1)
    minutes: float = setting(0.0, "The schedule ends on time after so many minutes; 0: steps alone.", minimum=0.0)
    batch: int = setting(64, "Examples per step, over all processes.", minimum=1)
    learning_rate: float = setting(1e-3, "At its highest.", minimum=0.0)
    weight_decay: float = setting(1e-2, "Of matrices and kernels, not of biases and norms.", minimum=0.0)
    warmup: float = setting(0.03, "Share of each phase in which the rate rises linearly.", minimum=0.0, maximum=1.0)
    clip: float = setting(1.0, "Largest norm of the gradient; 0: any.", minimum=0.0)
    average: float = setting(0.999, "Decay of the weights' moving average, which is shipped.", minimum=0.0, maximum=1.0)
    precision: str = setting("auto", "bf16, fp32, or auto: bf16 on CUDA only.", choices=("auto", "bf16", "fp32"))
    validate_every: int = setting(500, "Steps between validations; 0: at the end alone.", minimum=0)
    phases: tuple[Phase, ...] = ()
    """Empty: the task's, and if it has none, one phase in which everything learns."""

    def __post_init__(self):
        check(self)
        if sum(phase.share for phase in self.phases) <= 0.0 and self.phases:
            raise ValueError("the shares of the schedule's phases are all 0: give each its share of the budget")

    def progress(self, step: int, elapsed_s: float) -> float:
        """Share of the budget that is used up, 0 to 1: of the steps or of the minutes, whichever is larger."""
        time_share = elapsed_s / (60.0 * self.minutes) if self.minutes else 0.0
        return min(max(step / self.steps, time_share), 1.0)


def place(phases: tuple[Phase, ...], progress: float) -> tuple[int, float]:
    """Index of the phase at ``progress``, and the share of that phase that is done."""
    whole, begin = sum(phase.share for phase in phases), 0.0
    for index, phase in enumerate(phases):
        end = begin + phase.share / whole
        if progress < end or index == len(phases) - 1:
            return index, min(max((progress - begin) / max(end - begin, 1e-9), 0.0), 1.0)
        begin = end
    raise ValueError("a schedule has at least one phase")


def rate(phase: Phase, within: float, warmup: float) -> float:
    """Factor of the learning rate: linear warm-up, then half a cosine (Loshchilov & Hutter 2017) or nothing."""
    if within < warmup:
        return LOWEST + (1.0 - LOWEST) * within / warmup
    if phase.decay == "constant":
        return 1.0
    done = (within - warmup) / max(1.0 - warmup, 1e-9)
    return LOWEST + (1.0 - LOWEST) * 0.5 * (1.0 + math.cos(math.pi * done))
