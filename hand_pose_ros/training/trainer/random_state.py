"""The state of torch's random generators, for a training that continues as if it had not stopped."""

from __future__ import annotations

import torch


def random_state(device: str) -> dict[str, torch.Tensor]:
    """Of the CPU's generator and, on CUDA, of the device's."""
    state = {"cpu": torch.get_rng_state()}
    if device.startswith("cuda"):
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, torch.Tensor], device: str) -> None:
    """What ``random_state`` gave; a training begun on another kind of device keeps that device's own state."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and device.startswith("cuda"):
        torch.cuda.set_rng_state(state["cuda"], device)
