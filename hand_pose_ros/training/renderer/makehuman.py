"""Readers of MakeHuman's original files: base mesh (.obj), rig (.mhskel), skin weights (.mhw), shape targets (.target).

The files are CC0 (makehumancommunity/makehuman); the user names the folder that holds ``3dobjs``, ``rigs``, ``targets``
and ``skins``. Lengths in the files are decimetres.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER_VARIABLE = "HAND_POSE_ROS_MAKEHUMAN"


@dataclass(frozen=True)
class BaseMesh:
    """Quads of some groups. ``vertices`` holds all vertices of the file, also those of other groups and joint cubes."""

    vertices: np.ndarray
    """(V, 3) decimetres, y up, the figure looks along +z."""
    uvs: np.ndarray
    """(T, 2) texture coordinates, v up."""
    faces: np.ndarray
    """(F, 4) vertex numbers, counter-clockwise seen from outside."""
    uv_faces: np.ndarray
    """(F, 4) numbers into ``uvs``."""
    groups: np.ndarray
    """(F,) number of each quad's group in the order asked for."""


@dataclass(frozen=True)
class Bone:
    """A bone of the rig: its ends are the means of the listed vertices (the "joint cubes")."""

    name: str
    parent: str | None
    head: tuple[int, ...]
    tail: tuple[int, ...]


def read_mesh(path: Path, groups: Sequence[str] = ("body",)) -> BaseMesh:
    """Read the quads of some groups from MakeHuman's base.obj. ValueError if a group has other faces, or none."""
    vertices, uvs, faces = _read_obj(path)
    for group in groups:
        if not faces.get(group) or any(len(face) != 4 for face in faces[group]):
            raise ValueError(f"{path}: group {group!r} must hold quads; give MakeHuman's own 3dobjs/base.obj")
    corners = np.concatenate([np.array(faces[group], int) for group in groups]) - 1
    numbers = np.repeat(np.arange(len(groups)), [len(faces[group]) for group in groups])
    return BaseMesh(np.array(vertices, float), np.array(uvs, float), corners[..., 0], corners[..., 1], numbers)


@functools.lru_cache(maxsize=1)
def _read_obj(path: Path) -> tuple[list, list, dict[str, list]]:
    vertices, uvs, faces, group = [], [], {}, None
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append(rest.split()[:3])
        elif kind == "vt":
            uvs.append(rest.split()[:2])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            faces.setdefault(group, []).append([corner.split("/")[:2] for corner in rest.split()])
    return vertices, uvs, faces


def read_rig(path: Path) -> dict[str, Bone]:
    """Read bones by name from an .mhskel file."""
    rig = json.loads(path.read_text())
    joints = rig["joints"]
    return {
        name: Bone(name, bone["parent"], tuple(joints[bone["head"]]), tuple(joints[bone["tail"]]))
        for name, bone in rig["bones"].items()
    }


def read_weights(path: Path, vertex_count: int, bones: list[str]) -> np.ndarray:
    """Read an .mhw file into skin weights (vertex_count, len(bones)); rows sum to 1 only where no other bone pulls."""
    table = json.loads(path.read_text())["weights"]
    weights = np.zeros((vertex_count, len(bones)))
    for column, name in enumerate(bones):
        for vertex, weight in table.get(name, []):
            weights[vertex, column] += weight
    return weights


def read_target(path: Path, vertex_count: int) -> np.ndarray:
    """Read a shape target: vertex displacements (vertex_count, 3) in decimetres."""
    text = "\n".join(line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    table = np.fromstring(text, sep=" ").reshape(-1, 4)
    offsets = np.zeros((vertex_count, 3))
    offsets[table[:, 0].astype(int)] = table[:, 1:]
    return offsets


class MakeHumanFolder:
    """The MakeHuman files the renderer needs, checked for presence when opened.

    Raises FileNotFoundError that names what is missing and how to get it.
    """

    def __init__(self, folder: str | os.PathLike | None = None):
        folder = folder or os.environ.get(FOLDER_VARIABLE)
        if not folder:
            raise FileNotFoundError(f"no MakeHuman folder: give --makehuman DIR or set {FOLDER_VARIABLE}")
        self.path = Path(folder)
        self.mesh_path = self.path / "3dobjs" / "base.obj"
        self.rig_path = self.path / "rigs" / "default.mhskel"
        self.weights_path = self.path / "rigs" / "default_weights.mhw"
        self.skins = tuple(sorted((self.path / "skins").glob("*_diffuse*.png")))
        missing = [str(p) for p in (self.mesh_path, self.rig_path, self.weights_path) if not p.is_file()]
        if missing or not self.skins or not (self.path / "targets").is_dir():
            raise FileNotFoundError(
                f"{self.path} is not a MakeHuman data folder (missing: {', '.join(missing) or 'skins or targets'}): "
                "take 3dobjs, rigs, targets and skins from makehumancommunity/makehuman, folder makehuman/data"
            )

    @functools.lru_cache(maxsize=128)  # noqa: B019  (a folder lives as long as the process)
    def target(self, name: str, vertex_count: int) -> np.ndarray:
        """Displacements (vertex_count, 3) of all vertices under one target, decimetres, read once."""
        return read_target(self.target_path(name), vertex_count)

    def target_path(self, name: str) -> Path:
        """Path of the target ``name``, for example ``armslegs/r-hand-scale-incr``."""
        path = self.path / "targets" / f"{name}.target"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: shape target missing; take it from MakeHuman's data/targets")
        return path
