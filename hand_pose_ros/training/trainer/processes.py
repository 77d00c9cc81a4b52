"""One process or many (torchrun's environment variables): who am I, and what do all agree on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class World:
    """The processes that train one network together."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """This process's part of a batch. ValueError if it cannot be divided."""
        if batch % self.size:
            raise ValueError(f"batch {batch} cannot be divided among {self.size} processes: give a multiple of it")
        return batch // self.size

    def agree(self, *values: float) -> tuple[float, ...]:
        """The first process's values, everywhere."""
        if self.size == 1:
            return values
        tensor = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(tensor, 0)
        return tuple(tensor.tolist())

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The block runs in the first process, then in the others."""
        if not self.first:
            self.agree(0.0)
        yield
        if self.first:
            self.agree(0.0)

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        if self.size == 1:
            return flag
        tensor = torch.tensor(float(flag))
        distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
        return bool(tensor)


def join_world(device: str) -> tuple[World, str]:
    """The world that torchrun's variables describe, and this process's device in it (``cuda:LOCAL_RANK``)."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World(), device
    if device.startswith("cuda"):
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    # gloo carries what the processes agree on, so that a CUDA stream never has to wait for it.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo")
    return World(distributed.get_rank(), distributed.get_world_size()), device


def leave_world() -> None:
    """End the process group, if there is one."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
