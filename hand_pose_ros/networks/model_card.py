"""Model cards: ``models/<name>.yaml`` says which networks make up a model, where their weights come from, and how good
they are. The format is described in docs/adding_a_model.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from hand_pose_ros.networks.model_files import cards_folder

STAGES = ("localiser", "pose", "lifter")
REQUIRED = ("name", "summary", "licence", "source", "localiser", "pose")
WEIGHTS_KEYS = {"file": True, "sha256": False, "wheel": False, "member": False, "train": False}
"""Key -> whether a card must give it. ``train`` is the command that makes the file; without it sha256 is required."""
DEFAULT_MODEL = "mediapipe_lifted"
"""The best measured composition (docs/lifter.md)."""
STAGE_KEYS = {
    "localiser": {
        "box_scale", "box_shift", "suppression", "iou", "upright", "mask_threshold", "mask_least", "mask_gap",
    },
    "pose": {"roi", "sees", "keypoint_stddev", "depth_gain", "stddev_gain"},
    "lifter": {"guess", "scores"},
}  # fmt: skip
COMMON_KEYS = {"network", "arguments", "weights", "input_size", "sampling"}
POSITIVE_NUMBERS = {
    "keypoint_stddev": 0.5, "depth_gain": 10.0, "stddev_gain": 10.0, "box_scale": 20.0, "iou": 1.0,
    "mask_threshold": 1.0, "mask_least": 1.0, "mask_gap": 1.0,
}  # fmt: skip
"""Key -> its largest value."""
_REPAIR = "give a YAML mapping as docs/adding_a_model.md describes it, or remove the file"
CHOICES = {
    "suppression": ("weighted", "hard"), "sees": ("both", "right"), "sampling": ("centre", "corner"),
    "upright": (True, False), "guess": (True, False), "scores": ("hand", "keypoints"),
}  # fmt: skip


class ModelCardError(ValueError):
    """A model card is missing or says something that cannot be used."""


@dataclass(frozen=True)
class ModelCard:
    """One model. Stages are dictionaries, checked on reading."""

    name: str
    summary: str
    licence: str
    source: str
    localiser: dict
    pose: dict
    lifter: dict | None = None
    data: list = field(default_factory=list)
    metrics: dict = field(default_factory=dict)
    known_failures: list = field(default_factory=list)
    folder: Path = Path()
    """Where the card lies; weights of our own lie beside it."""

    def stages(self) -> dict[str, dict]:
        """The stages that the model has, by name."""
        return {name: getattr(self, name) for name in STAGES if getattr(self, name) is not None}


def read_card(path: Path) -> ModelCard:
    """Read and check one card. Raises ModelCardError naming the file and the key."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ModelCardError(f"{path}: cannot be read as YAML ({error}): {_REPAIR}") from error
    if not isinstance(content, dict):
        raise ModelCardError(f"{path}: holds {type(content).__name__}: {_REPAIR}")
    known = {item.name for item in fields(ModelCard)} - {"folder"}
    _check_keys(path, "card", content, known, REQUIRED)
    for item in fields(ModelCard):
        _check_type(path, item, content.get(item.name))
    if content["name"] != path.stem:
        raise ModelCardError(f"{path}: its name is {content['name']!r}: give the file's, {path.stem!r}")
    for stage in STAGES:
        if content.get(stage) is not None:
            _check_stage(path, stage, content[stage])
    return ModelCard(**content, folder=path.parent)


def available_models(models_dir: str | Path | None = None) -> dict[str, ModelCard]:
    """All cards of a folder (default: the package's) by model name, in alphabetical order."""
    folder = Path(models_dir) if models_dir else cards_folder()
    return {path.stem: read_card(path) for path in sorted(folder.glob("*.yaml"))}


def find_card(name: str, models_dir: str | Path | None = None) -> ModelCard:
    """The card called ``name``; ModelCardError lists the names there are."""
    folder = Path(models_dir) if models_dir else cards_folder()
    path = folder / f"{name}.yaml"
    if not re.fullmatch(r"[\w.-]+", name) or not path.is_file():
        names = ", ".join(sorted(found.stem for found in folder.glob("*.yaml"))) or "none"
        raise ModelCardError(f"model {name!r} is not in {folder}; there are: {names}")
    return read_card(path)


def _check_keys(path: Path, where: str, content: dict, known, required) -> None:
    if missing := [key for key in required if key not in content]:
        raise ModelCardError(f"{path}: {where} lacks {', '.join(missing)}")
    if unknown := sorted(str(key) for key in content if key not in known):
        names = ", ".join(sorted(known))
        raise ModelCardError(f"{path}: {where} has unknown keys {', '.join(unknown)}; known: {names}")


def _check_type(path: Path, item, value) -> None:
    kind = {"str": str, "dict": dict, "list": list}.get(str(item.type).split(" ")[0])
    if kind and value is not None and not isinstance(value, kind):
        raise ModelCardError(f"{path}: {item.name} is {value!r}: give a {kind.__name__}")


def _check_stage(path: Path, stage: str, content: dict) -> None:
    _check_keys(path, stage, content, COMMON_KEYS | STAGE_KEYS[stage], ("network",))
    if not re.fullmatch(r"\w+\.\w+", str(content["network"])):
        raise ModelCardError(f"{path}: {stage}.network is {content['network']!r}: give module.Class of networks/")
    if not isinstance(content.get("arguments", {}), dict):
        raise ModelCardError(f"{path}: {stage}.arguments is {content['arguments']!r}: give keyword arguments")
    size = content.get("input_size")
    if stage != "lifter" and not (isinstance(size, int) and 16 <= size <= 2048):
        raise ModelCardError(f"{path}: {stage}.input_size is {size!r}: give pixels, 16 to 2048")
    for key, highest in POSITIVE_NUMBERS.items():
        value = content.get(key, highest)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value <= highest:
            raise ModelCardError(f"{path}: {stage}.{key} is {value!r}: give a number above 0, at most {highest}")
    for key, allowed in CHOICES.items():
        if key in content and content[key] not in allowed:
            names = ", ".join(map(str, allowed))
            raise ModelCardError(f"{path}: {stage}.{key} is {content[key]!r}: give one of {names}")
    _check_weights(path, stage, content.get("weights"))


def _check_weights(path: Path, stage: str, weights) -> None:
    if weights is None:
        return
    if not isinstance(weights, dict):
        raise ModelCardError(f"{path}: {stage}.weights is {weights!r}: give file and sha256")
    trained = "train" in weights and "wheel" not in weights
    required = [key for key, needed in WEIGHTS_KEYS.items() if needed or (key == "sha256" and not trained)]
    _check_keys(path, f"{stage}.weights", weights, set(WEIGHTS_KEYS), required)
    file, digest = str(weights["file"]), str(weights.get("sha256", "0" * 64))
    if Path(file).name != file or Path(file).suffix not in (".tflite", ".safetensors"):
        raise ModelCardError(f"{path}: {stage}.weights.file is {file!r}: give a bare .tflite or .safetensors file name")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ModelCardError(f"{path}: {stage}.weights.sha256 is {digest!r}: give 64 hexadecimal digits")
    if ("wheel" in weights) != ("member" in weights):
        raise ModelCardError(f"{path}: {stage}.weights: give wheel and member together")
