"""AdamW over the parts of a network that a phase lets learn."""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.training.trainer.schedule import Phase, Schedule


def begin_phase(network: nn.Module, phase: Phase, schedule: Schedule) -> torch.optim.AdamW:
    """Freeze what ``phase`` does not name and return a fresh optimiser of the rest. ValueError if nothing is left."""
    names = [name for name, _ in network.named_parameters()]
    for part in (*phase.learn, *phase.rates):
        if not any(_within(name, part) for name in names):
            raise ValueError(f"phase {phase.name!r}: the network has no part {part!r}, only {', '.join(parts(names))}")
    groups: dict[tuple[float, bool], list] = {}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not phase.learn or any(_within(name, part) for part in phase.learn))
        parameter.grad = None
        if parameter.requires_grad:
            groups.setdefault((_factor(name, phase), parameter.ndim > 1), []).append(parameter)
    if not groups:
        raise ValueError(f"phase {phase.name!r} lets nothing learn: name parts of the network in `learn`")
    return torch.optim.AdamW(
        [
            {"params": group, "factor": factor, "weight_decay": schedule.weight_decay if decays else 0.0}
            for (factor, decays), group in groups.items()
        ],
        lr=phase.learning_rate or schedule.learning_rate,
    )


def set_rate(optimiser: torch.optim.Optimizer, learning_rate: float) -> None:
    """Give every group the rate times its factor."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate * group["factor"]


def training_mode(network: nn.Module) -> None:
    """Training mode, but evaluation mode for modules that stand still: their batch statistics must not move."""
    network.train()
    for module in network.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


def parts(names: list[str]) -> list[str]:
    """The first words of parameter names, each once."""
    return list(dict.fromkeys(name.partition(".")[0] for name in names))


def _within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _factor(name: str, phase: Phase) -> float:
    factors = [factor for part, factor in phase.rates.items() if _within(name, part)]
    return factors[-1] if factors else 1.0
