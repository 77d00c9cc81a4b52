"""Train ``KeypointLifter``: a loop that one can read. Resumable; the configuration travels in the checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from hand_pose_ros.networks.lifter import KeypointLifter
from hand_pose_ros.training.lifting.lifter_losses import figures, losses
from hand_pose_ros.training.lifting.skeletons import bank_of_angles, normalized_skeletons
from hand_pose_ros.training.lifting.teacher_noise import TeacherNoise
from hand_pose_ros.training.lifting.views import Noise, examples

SAVE_EVERY_S = 60.0


@dataclass(frozen=True)
class LifterConfig:
    """Everything that decides what is trained."""

    width: int = 384
    blocks: int = 3
    steps: int = 30_000
    batch: int = 1024
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup: int = 500
    average: float = 0.999
    """Decay of the exponential moving average of the weights, which is what is shipped."""
    poses: int = 200_000
    proportions: float = 0.06
    """Deviation of palm and finger lengths, as a share."""
    bone_weight: float = 0.5
    seed: int = 0
    noise: Noise = field(default_factory=Noise)
    teacher_noise: str = ""
    """File of ``TeacherNoise``; empty: generic noise alone."""


def skeleton_source(config: LifterConfig, folder: Path, seed: int, count: int) -> Callable[[int], torch.Tensor]:
    """A function that draws (N, 21, 3) skeletons from a stored bank of poses."""
    folder.mkdir(parents=True, exist_ok=True)
    angles = bank_of_angles(count, seed, folder / f"angles_{seed}.npy")
    generator = np.random.default_rng(seed + 1)

    def draw(size: int) -> torch.Tensor:
        chosen = angles[generator.integers(len(angles), size=size)]
        return torch.from_numpy(normalized_skeletons(generator, chosen, config.proportions))

    return draw


def train(
    config: LifterConfig,
    folder: Path,
    device: str = "cpu",
    report: Callable[[int, float, float], None] = lambda *_: None,
) -> Path:
    """Train to ``config.steps``, continuing a checkpoint of this configuration in ``folder``; returns the weights."""
    torch.manual_seed(config.seed)
    folder.mkdir(parents=True, exist_ok=True)
    network, averaged = (KeypointLifter(config.width, config.blocks).to(device) for _ in range(2))
    averaged.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, config))
    state = {"network": network, "averaged": averaged, "optimiser": optimiser, "schedule": schedule}
    start = _resume(folder / "checkpoint.pt", config, state)
    draw = skeleton_source(config, folder, config.seed + 10 + start, config.poses)
    generator = torch.Generator().manual_seed(config.seed + start)
    teacher = TeacherNoise.load(Path(config.teacher_noise)) if config.teacher_noise else None
    saved = time.monotonic()
    for step in range(start, config.steps):
        batch = examples(draw(config.batch), config.noise, generator, teacher).to(device)
        loss, distance = losses(network, batch, config.bone_weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _average(averaged, network, min(config.average, (1 + step) / (10 + step)))
        report(step + 1, float(loss.detach()), float(distance))
        if time.monotonic() - saved > SAVE_EVERY_S or step + 1 == config.steps:
            _save(folder / "checkpoint.pt", config, step + 1, state)
            saved = time.monotonic()
    return _export(averaged, folder / "lifter.safetensors")


def load_weights(config: LifterConfig, path: Path) -> KeypointLifter:
    """The network of ``config`` with the weights of ``path``, in single precision."""
    network = KeypointLifter(config.width, config.blocks)
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return network.eval()


def validate(network: KeypointLifter, config: LifterConfig, folder: Path, count: int = 8192) -> dict[str, float]:
    """Errors on poses and proportions drawn with another seed: hand scales, and coverage of the stated deviations."""
    draw = skeleton_source(config, folder, seed=9_000, count=min(20_000, config.poses))
    teacher = TeacherNoise.load(Path(config.teacher_noise)) if config.teacher_noise else None
    batch = examples(draw(count), config.noise, torch.Generator().manual_seed(9_000), teacher)
    with torch.no_grad():
        return figures(network.eval()(batch.inputs), batch)


def _rate(step: int, config: LifterConfig) -> float:
    """Linear warm-up, then half a cosine down to one hundredth (Loshchilov & Hutter 2017)."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    done = (step - config.warmup) / max(config.steps - config.warmup, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _average(averaged, network, decay: float):
    with torch.no_grad():
        for slow, fast in zip(averaged.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1.0 - decay)


def _save(path: Path, config: LifterConfig, step: int, state: dict):
    stored = {name: part.state_dict() for name, part in state.items()} | {"step": step, "config": asdict(config)}
    temporary = path.with_suffix(".new")
    torch.save(stored, temporary)
    temporary.replace(path)


def _resume(path: Path, config: LifterConfig, state: dict) -> int:
    if not path.exists():
        return 0
    stored = torch.load(path, map_location="cpu", weights_only=True)
    if stored["config"] != asdict(config):
        raise ValueError(f"{path} was trained with another configuration: give another folder, or remove it")
    for name, part in state.items():
        part.load_state_dict(stored[name])
    return stored["step"]


def _export(network: KeypointLifter, path: Path) -> Path:
    save_file({name: value.half().contiguous().cpu() for name, value in network.state_dict().items()}, path)
    return path
