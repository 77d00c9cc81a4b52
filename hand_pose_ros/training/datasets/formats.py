"""The datasets that can be read, by the name of their format: ``rhd:/data/RHD_published_v2:evaluation``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hand_pose_ros.training.datasets.coco_hands import read_coco_hands
from hand_pose_ros.training.datasets.dexter_object import read_dexter_object
from hand_pose_ros.training.datasets.egodexter import read_egodexter
from hand_pose_ros.training.datasets.freihand import read_freihand
from hand_pose_ros.training.datasets.ganerated import read_ganerated
from hand_pose_ros.training.datasets.index_json import read_index
from hand_pose_ros.training.datasets.interhand import read_interhand
from hand_pose_ros.training.datasets.lsmv import read_lsmv
from hand_pose_ros.training.datasets.rhd import read_rhd
from hand_pose_ros.training.datasets.stb import read_stb
from hand_pose_ros.training.datasets.synthhands import read_synthhands
from hand_pose_ros.training.sample import Sample

FORMATS: dict[str, Callable[..., list[Sample]]] = {
    "index": read_index,
    "rhd": read_rhd,
    "stb": read_stb,
    "freihand": read_freihand,
    "ganerated": read_ganerated,
    "synthhands": read_synthhands,
    "dexter_object": read_dexter_object,
    "egodexter": read_egodexter,
    "lsmv": read_lsmv,
    "interhand": read_interhand,
    "coco": read_coco_hands,
}


def read_dataset(name: str) -> list[Sample]:
    """Samples of ``FORMAT:PATH``, ``FORMAT:PATH:PART`` or of the path of an ``index.json``.

    PART is a split; for ``coco`` the folder of images. ValueError if the format is unknown or nothing is found, OSError
    if a file is missing.
    """
    kind, divider, rest = name.partition(":")
    if kind not in FORMATS:
        if divider and not Path(name).exists():
            raise ValueError(f"{name}: format {kind!r} is unknown: give one of {', '.join(FORMATS)}, or an index.json")
        return read_index(name)
    path, divider, part = rest.rpartition(":") if not Path(rest).exists() else (rest, "", "")
    return FORMATS[kind](path or rest, *([part] if divider and path else []))
