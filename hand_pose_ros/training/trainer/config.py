"""``TrainConfig``: everything that decides what is trained, read from YAML; it travels in the checkpoint.

name: hand_pose_s                                              # <name>.safetensors
network: {class: hand_pose.HandPoseNetwork, size: s}           # hand_pose_ros/networks/, and its arguments
task: {class: image.pose_task.PoseTask}                        # hand_pose_ros/training/, and its arguments
size: 128                                                      # of the crops, pixels
start: runs/first/hand_pose_s.safetensors                      # weights to begin from; left out: none
sources: {rendered: {folder: train, share: 0.8}, photographs: {folder: photos, share: 0.2}}
augmentation: {shift: 0.05}                                    # training/augmentation; null: none
validation: {count: 512, sources: {rendered: {folder: held_back}}}
schedule: {steps: 9000, minutes: 10, batch: 64, learning_rate: 1.0e-3}
evaluation: {sections: [source, rotation, mirrored]}       # at the end, training/crop_evaluation; null: none
seed: 0
"""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from torch import nn

from hand_pose_ros.settings import check
from hand_pose_ros.training.trainer.schedule import Phase, Schedule
from hand_pose_ros.training.trainer.task import Task


@dataclass(frozen=True)
class Validation:
    """The held-back batches."""

    sources: dict = field(default_factory=dict)
    count: int = 512
    """Examples, drawn once, the same for every validation."""
    batch: int = 64


@dataclass(frozen=True)
class TrainConfig:
    """As in the module's example. Raises ValueError naming what is wrong."""

    name: str
    task: dict = field(default_factory=dict)
    network: dict = field(default_factory=dict)
    size: int = 128
    start: str | None = None
    """File of another training's weights to begin from (``warm_start.begin_from``)."""
    sources: dict = field(default_factory=dict)
    augmentation: dict | None = None
    validation: Validation = field(default_factory=Validation)
    schedule: Schedule = field(default_factory=Schedule)
    evaluation: dict | None = None
    """Arguments of ``crop_evaluation.evaluate_crops``, called when the training ends."""
    seed: int = 0

    def build_task(self) -> Task:
        """The task with its network, freshly initialised by ``seed``."""
        import torch

        torch.manual_seed(self.seed)
        network = _build("hand_pose_ros.networks", self.network)
        if not isinstance(network, nn.Module):
            raise ValueError(f"network.class is {self.network['class']}: that is no torch module")
        return _build("hand_pose_ros.training", self.task, network)

    def as_dict(self) -> dict:
        """Plain values, for the checkpoint."""
        return asdict(self)

    def with_budget(self, steps: int | None, minutes: float | None, batch: int | None) -> TrainConfig:
        """With the command line's numbers where it gives them; a number of steps alone ends by steps."""
        given = {"steps": steps, "minutes": minutes, "batch": batch}
        changes = {name: value for name, value in given.items() if value is not None}
        if steps is not None and minutes is None:
            changes["minutes"] = 0.0
        return replace(self, schedule=replace(self.schedule, **changes))


def read_config(path: Path) -> TrainConfig:
    """The configuration in a YAML file. ValueError, with the file's name, if it is none."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text())
        return config_from(content)
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error


def config_from(content: dict) -> TrainConfig:
    """The configuration in plain values. ValueError naming what is unknown, missing or of a wrong type."""
    if not isinstance(content, dict) or not {"name", "task", "network"} <= set(content):
        raise ValueError("not a training configuration: it needs name, network and task (docs/training.md)")
    content = dict(content)
    content["validation"] = _filled(Validation, content.get("validation") or {}, "validation")
    content["schedule"] = _schedule(content.get("schedule") or {})
    return _filled(TrainConfig, content, "configuration")


def _schedule(content: dict) -> Schedule:
    phases = tuple(_phase(item) for item in content.get("phases") or ())
    return _filled(Schedule, _numbers(Schedule, content) | {"phases": phases}, "schedule")


def _phase(content: dict) -> Phase:
    learn = content.get("learn") or ()
    learn = (learn,) if isinstance(learn, str) else tuple(learn)
    return check(_filled(Phase, _numbers(Phase, content) | {"learn": learn}, "phase"))


def _filled(kind, content: dict, where: str):
    """``kind(**content)``. ValueError if it has no such fields."""
    if not isinstance(content, dict):
        raise ValueError(f"{where} is {content!r}: give settings by name")
    unknown = set(content) - {item.name for item in fields(kind)}
    if unknown:
        known = ", ".join(item.name for item in fields(kind))
        raise ValueError(f"unknown settings of {where}: {', '.join(sorted(map(str, unknown)))}; there are {known}")
    return kind(**content)


def _numbers(kind, content: dict) -> dict:
    """YAML reads 1e-3 as text and 10 as a whole number: floats where the field is one."""
    types = {item.name: type(item.default) for item in fields(kind)}
    return {name: _number(name, value) if types.get(name) is float else value for name, value in content.items()}


def _number(name: str, value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is {value!r}: give a number") from error


def _build(package: str, block: dict, *first):
    """``class`` of the block, a dotted name below ``package`` or from the top, called with the block's rest."""
    if not isinstance(block, dict) or not isinstance(block.get("class"), str):
        raise ValueError(f"{block!r}: give a class and its arguments, as in {{class: module.Name, width: 32}}")
    arguments = {name: value for name, value in block.items() if name != "class"}
    kind = _find_class(package, block["class"])
    try:
        return kind(*first, **arguments)
    except TypeError as error:
        raise ValueError(f"{block['class']}: arguments {arguments} do not fit: {error}") from error


def _find_class(package: str, name: str):
    module, _, kind = name.rpartition(".")
    for place in (f"{package}.{module}", module):
        try:
            return getattr(importlib.import_module(place), kind)
        except ModuleNotFoundError as error:
            if error.name is None or not place.startswith(error.name):
                raise  # the module is there; something that it imports is not
        except AttributeError:
            break
    raise ValueError(f"no class {name} in {package}, nor anywhere else: check `class`")
