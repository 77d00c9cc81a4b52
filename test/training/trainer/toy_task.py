"""A network, a task and a source so small that hundreds of steps take a second: points are recognised in noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from hand_pose_ros.training.trainer.config import config_from
from hand_pose_ros.training.trainer.data import SEEDS_APART
from hand_pose_ros.training.trainer.task import Task

TRUTH = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))


@dataclass
class ToyBatch:
    """N inputs (N, 8) and what they mean (N, 3)."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self):
        return len(self.inputs)

    def to(self, device):
        return ToyBatch(self.inputs.to(device), self.targets.to(device))


class ToySource:
    """Random inputs, their targets a fixed linear function of them."""

    def __init__(self, seed: int):
        self._random, self.given = np.random.default_rng(seed), 0

    def batch(self, count: int) -> ToyBatch:
        inputs = torch.from_numpy(self._random.normal(size=(count, 8)).astype(np.float32))
        self.given += 1
        return ToyBatch(inputs, inputs @ TRUTH)

    def skip(self, count: int) -> None:
        self._random.normal(size=(count, 8))


class ToyNetwork(nn.Module):
    """An encoder with dropout and batch statistics, and a head."""

    def __init__(self, width: int = 32, dropout: float = 0.0, norm: bool = False):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(8, width), nn.BatchNorm1d(width) if norm else nn.Identity(), nn.GELU(), nn.Dropout(dropout)
        )
        self.head = nn.Linear(width, 3)

    def forward(self, inputs):
        return {"answer": self.head(self.encoder(inputs))}


class ToyTask(Task):
    """Least squares."""

    def __init__(self, network, weight: float = 1.0):
        super().__init__(network)
        self.weight = weight

    def loss(self, network, batch, step):
        square = (network(batch.inputs)["answer"] - batch.targets).square().mean()
        return {"loss": self.weight * square, "square": square}

    def validate(self, network, batches):
        return {"error": sum(float(self.loss(network, batch, 0)["square"]) for batch in batches) / len(batches)}

    def pictures(self, network, batch):
        return {"answers": np.full((8, 8, 3), 128, np.uint8)}

    def source(self, settings, seed, stores):
        return ToySource(seed)

    def prepare(self, batch, augment, generator):
        return batch


def toy_config(network=None, task=None, **schedule):
    """A configuration of the toy; ``schedule`` replaces single settings."""
    settings = {"steps": 60, "batch": 16, "learning_rate": 1e-2, "average": 0.9, "validate_every": 20} | schedule
    return config_from(
        {
            "name": "toy",
            "network": {"class": "toy_task.ToyNetwork", **(network or {})},
            "task": {"class": "toy_task.ToyTask", **(task or {})},
            "schedule": settings,
        }
    )


def toy_task(config):
    """The task that the configuration means, whatever this module is called where it was imported."""
    torch.manual_seed(config.seed)
    network = ToyNetwork(**{name: value for name, value in config.network.items() if name != "class"})
    return ToyTask(network)


class JoinedToyTask(ToyTask):
    """One process that sees what two processes of ``ToyTask`` see together."""

    def source(self, settings, seed, stores):
        held_back = bool(settings)
        return ToySource(seed) if held_back else Joined([ToySource(seed), ToySource(seed + SEEDS_APART)])


class Joined:
    """Sources one after the other in every batch."""

    def __init__(self, sources):
        self._sources = sources

    def batch(self, count: int) -> ToyBatch:
        parts = [source.batch(count // len(self._sources)) for source in self._sources]
        return ToyBatch(torch.cat([part.inputs for part in parts]), torch.cat([part.targets for part in parts]))


def numbered_source(seed: int, feeder: int) -> ToySource:
    """One feeding process's source."""
    return ToySource(seed + feeder)


def failing_source(feeder: int) -> ToySource:
    """A source that cannot be opened."""
    raise OSError(f"store of feeder {feeder} cannot be read")
