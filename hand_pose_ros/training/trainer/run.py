"""``Run``: the state of one training and what can be done to it: a step, a validation, a checkpoint."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from hand_pose_ros.training.trainer.average import AveragedNetwork
from hand_pose_ros.training.trainer.checkpoint import export_weights, load_checkpoint, save_checkpoint
from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.loss_module import LossModule
from hand_pose_ros.training.trainer.optimiser import begin_phase, set_rate, training_mode
from hand_pose_ros.training.trainer.preparation import step_seed
from hand_pose_ros.training.trainer.processes import World
from hand_pose_ros.training.trainer.random_state import random_state, restore_random_state
from hand_pose_ros.training.trainer.report import Report
from hand_pose_ros.training.trainer.schedule import Phase, place, rate
from hand_pose_ros.training.trainer.task import Task
from hand_pose_ros.training.trainer.warm_start import begin_from


@dataclass
class State:
    """Plain values of the checkpoint."""

    step: int = 0
    elapsed_s: float = 0.0
    phase: int = -1
    best: float = math.inf
    validated: int = -1
    """Step of the last validation."""
    figures: dict[str, float] = field(default_factory=dict)


class Run:
    """Network, averaged network, optimiser and place in the schedule, continued from ``folder`` if it holds them."""

    def __init__(self, task: Task, config: TrainConfig, folder: Path, device: str, world: World):
        self.task, self.config, self.folder, self.device, self.world = task, config, folder, device, world
        self.schedule, self.phases = config.schedule, config.schedule.phases or tuple(task.phases) or (Phase(),)
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed + world.rank)
        if device.startswith("cuda"):
            torch.backends.cudnn.benchmark = True  # every batch has the same size
            torch.set_float32_matmul_precision("high")
        self.network = task.network.to(device, memory_format=torch.channels_last)
        stored = load_checkpoint(self._path, config.as_dict())
        if config.start and not stored:
            begin_from(self.network, Path(str(config.start)))
            task.begun()
        self.averaged = AveragedNetwork(self.network, self.schedule.average)
        self.state, self.progress, self.learning_rate = State(), 0.0, 0.0
        if stored:
            self._restore(stored)
        self._began = time.monotonic() - self.state.elapsed_s
        self._first = (self.state.step, self.state.elapsed_s)

    @property
    def phase(self) -> Phase:
        """The phase that is running."""
        return self.phases[self.state.phase]

    @property
    def _path(self) -> Path:
        return self.folder / "checkpoint.pt"

    def begin_step(self) -> float:
        """Find the place in the schedule, enter its phase, set the learning rate; the share that is done, 0 to 1."""
        elapsed = time.monotonic() - self._began
        self.progress, self.state.elapsed_s = self.world.agree(
            self.schedule.progress(self.state.step, elapsed), elapsed
        )
        index, within = place(self.phases, self.progress)
        if index != self.state.phase:
            self._enter(index)
        base = self.phase.learning_rate or self.schedule.learning_rate
        self.learning_rate = base * rate(self.phase, within, self.schedule.warmup)
        set_rate(self.optimiser, self.learning_rate)
        self.task.progress, self.task.phase = self.progress, self.phase.name
        return self.progress

    def learn(self, batch: Any) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """One step of the optimiser; the losses before it, and the norm of the gradient before clipping."""
        training_mode(self.network)
        losses = self.model(batch, self.state.step)
        self.optimiser.zero_grad(set_to_none=True)
        losses["loss"].backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.schedule.clip or math.inf)
        self.optimiser.step()
        self.averaged.update(self.network, self.state.step)
        self.state.step += 1
        return losses, norm

    def left_s(self) -> float:
        """Seconds to the end at the speed of this run."""
        (step, before), elapsed = self._first, time.monotonic() - self._began
        left = (elapsed - before) / max(self.state.step - step, 1) * (self.schedule.steps - self.state.step)
        return min(left, 60.0 * self.schedule.minutes - elapsed) if self.schedule.minutes else left

    @torch.no_grad()
    def validate(self, held_back: Sequence[Any], report: Report) -> dict[str, float]:
        """Figures of the averaged network, told to ``report``; its weights are exported if they are the best so far."""
        if not self.world.first or not held_back:
            return self.state.figures
        network = self.averaged.network
        figures = {name: float(value) for name, value in self.task.validate(network, held_back).items()}
        self.state.figures, self.state.validated = figures, self.state.step
        report.figures(self.state.step, figures, self.task.pictures(network, held_back[0]))
        self._keep_best(figures)
        return figures

    def finish(self, held_back: Sequence[Any], report: Report) -> dict[str, float]:
        """Validate and export the weights at the end of the schedule."""
        done = self.state.validated == self.state.step
        figures = self.state.figures if done else self.validate(held_back, report)
        if self.world.first:
            export_weights(self.averaged.network, self.folder / f"{self.config.name}.safetensors")
            (self.folder / "figures.json").write_text(json.dumps(self._summary(figures), indent=1))
        return figures

    def _summary(self, figures: dict[str, float]) -> dict[str, Any]:
        """What the card wants to know besides the figures."""
        return figures | {
            "steps": self.state.step,
            "minutes": round(self.state.elapsed_s / 60.0, 1),
            "examples": self.state.step * self.schedule.batch,
            "device": self.device,
            "processes": self.world.size,
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
        }

    def save(self) -> None:
        """Write the checkpoint."""
        if not self.world.first:
            return
        content = {name: part.state_dict() for name, part in self._parts().items()}
        content |= {"state": asdict(self.state), "config": self.config.as_dict()}
        content["random"] = random_state(self.device)
        save_checkpoint(self._path, content)

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "averaged": self.averaged.network, "optimiser": self.optimiser}

    def _enter(self, index: int) -> None:
        self.state.phase = index
        self.optimiser = begin_phase(self.network, self.phase, self.schedule)
        wanted, kind = self.schedule.precision, self.device.partition(":")[0]
        half = wanted == "bf16" or (wanted == "auto" and kind == "cuda")
        model = LossModule(self.task, self.network, kind if half else None)
        many = self.world.size > 1
        self.model = DistributedDataParallel(model, find_unused_parameters=True) if many else model

    def _restore(self, stored: dict) -> None:
        self.state = State(**stored["state"])
        self._enter(self.state.phase)
        try:
            for name, part in self._parts().items():
                part.load_state_dict(stored[name])
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{self._path} holds another network ({error}): give another folder") from error
        if self.world.first:
            restore_random_state(stored["random"], self.device)
        else:  # the stored state is the first process's
            torch.manual_seed(step_seed(self.config.seed, self.state.step, self.world.rank))

    def _keep_best(self, figures: dict[str, float]) -> None:
        name = self.task.best.removeprefix("-")
        if name not in figures:
            raise ValueError(f"{type(self.task).__name__}.best is {name!r}; validate() gives {', '.join(figures)}")
        value = -figures[name] if self.task.best.startswith("-") else figures[name]
        if value < self.state.best:
            self.state.best = value
            export_weights(self.averaged.network, self.folder / f"{self.config.name}_best.safetensors")
