"""Folders in which weights and cards lie, and the check that a file is the one its card means."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from hand_pose_ros.networks.tflite import ModelFileError

FETCH = "run: hand_pose_ros models fetch"


def cards_folder() -> Path:
    """The folder of the model cards: of the source checkout, else ``share/hand_pose_ros/models`` of the install."""
    here = Path(__file__).resolve()
    installed = [parent / "share/hand_pose_ros/models" for parent in [*here.parents, Path(sys.prefix)]]
    for folder in [here.parents[2] / "models", *installed]:
        if next(folder.glob("*.yaml"), None):
            return folder
    share = f"{sys.prefix}/share/hand_pose_ros/models"
    raise ModelFileError(f"no model cards in {here.parents[2]}/models or {share}: install the package again")


def weights_folders() -> list[Path]:
    """Folders searched for fetched weights, first one first: $HAND_POSE_ROS_MODELS, the environment's, the user's."""
    chosen = os.environ.get("HAND_POSE_ROS_MODELS")
    places = [Path(chosen)] if chosen else []
    return [*places, Path(sys.prefix) / "share/hand_pose_ros", Path.home() / ".cache/hand_pose_ros"]


def writable_folder() -> Path:
    """The first of ``weights_folders`` that can be written, made if need be."""
    for folder in weights_folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise ModelFileError(f"none of {', '.join(map(str, weights_folders()))} can be written; set HAND_POSE_ROS_MODELS")


def find_weights(file: str, cards: Path, advice: str = FETCH) -> Path:
    """The path of a weights file: beside the cards, else in the first folder that holds it. ModelFileError if none,
    with ``advice``."""
    folders = [cards, *weights_folders()]
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    raise ModelFileError(f"weights {file} are not in {', '.join(map(str, folders))}; {advice}")


def stage_weights(weights: dict, cards: Path) -> Path:
    """The path of the file that a card's ``weights`` mean, checked. ModelFileError says how to get or make it."""
    advice = f"train them: {weights['train']}" if "train" in weights else FETCH
    path = find_weights(weights["file"], cards, advice)
    return check_sha256(path, weights["sha256"]) if "sha256" in weights else path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_sha256(path: Path, expected: str) -> Path:
    """``path`` if its content has the SHA-256 ``expected``, else ModelFileError."""
    found = sha256_of(path)
    if found != expected:
        raise ModelFileError(f"{path}: sha256 is {found}, its card says {expected}; delete the file and {FETCH}")
    return path
