"""Arrays on disk in shards: folders of .npy files that are read through the memory map, written whole or not at all.

store.json            what the store holds and how it was made
shard_00000/*.npy     named arrays with one row per crop, the same number of rows in each
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

DESCRIPTION = "store.json"
RENDERED = "rendered crops 1"
"""``format`` of a store with the renderer's arrays."""
PHOTOGRAPHS = "pseudo-labelled photographs 1"
"""``format`` of a store with the arrays of ``pseudo_labels.labelled_rows``."""


def write_shard(folder: Path, number: int, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write one shard; it appears under its name only when all of its files are complete."""
    target = shard_path(folder, number)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, values in arrays.items():
        np.save(temporary / f"{name}.npy", values)
    temporary.rename(target)
    return target


def shard_path(folder: Path, number: int) -> Path:
    """Where shard ``number`` of a store lies."""
    return Path(folder) / f"shard_{number:05d}"


def write_description(folder: Path, description: dict):
    """Write store.json. ValueError if the folder holds a store that was made otherwise."""
    path = Path(folder) / DESCRIPTION
    description = json.loads(json.dumps(description))
    if path.exists() and (found := json.loads(path.read_text())) != description:
        different = sorted(k for k in {*found, *description} if found.get(k) != description.get(k))
        raise ValueError(f"{folder} holds a store with other {', '.join(different)}: give another folder or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(description, indent=1) + "\n")


def read_description(folder: Path) -> dict:
    """What store.json says. FileNotFoundError where there is none."""
    path = Path(folder) / DESCRIPTION
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is no store: it has no {DESCRIPTION} (hand_pose_ros render store)")
    return json.loads(path.read_text())


class Shards:
    """The rows of all complete shards of a folder, in order. ``refresh`` looks for further ones.

    ValueError unless the store's ``format`` is ``kind``.
    """

    def __init__(self, folder: str | Path, kind: str):
        self.folder, self.description = Path(folder), read_description(Path(folder))
        if self.description.get("format") != kind:
            raise ValueError(f"{folder} holds {self.description.get('format')!r}, not {kind!r}")
        self._shards: list[dict[str, np.ndarray]] = []
        self._names: list[str] = []
        self._ends = np.zeros(0, int)
        self.refresh()

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def refresh(self) -> int:
        """Map shards that were completed since; the number of rows there are now. Rows keep their numbers only if
        shards were completed in order."""
        names = sorted(path.name for path in self.folder.glob("shard_*"))
        if names != self._names:
            known = dict(zip(self._names, self._shards, strict=True))
            self._shards = [known.get(name) or mapped(self.folder / name) for name in names]
            self._names = names
            self._ends = np.cumsum([len(next(iter(shard.values()))) for shard in self._shards])
        return len(self)

    def rows(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """Copies of rows ``index`` (N,) of every array. IndexError beyond the last row."""
        index = np.asarray(index)
        if len(index) and not (index.min() >= 0 and index.max() < len(self)):
            raise IndexError(f"rows {index.min()} to {index.max()} of {self.folder}, which has {len(self)}")
        if not len(self):
            raise ValueError(f"{self.folder} has no complete shard yet: wait for the first one")
        owner = np.searchsorted(self._ends, index, side="right")
        within = index - np.concatenate([[0], self._ends])[owner]
        return {name: self._gather(name, owner, within) for name in self._shards[0]}

    def _gather(self, name: str, owner: np.ndarray, within: np.ndarray) -> np.ndarray:
        first = self._shards[0][name]
        values = np.empty((len(owner), *first.shape[1:]), first.dtype)
        for number, (shard, row) in enumerate(zip(owner, within, strict=True)):
            values[number] = self._shards[shard][name][row]
        return values


def mapped(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of one shard, read where they are touched."""
    return {path.stem: np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))}


class Shuffled:
    """Row numbers without end: a new order of all rows whenever the last one is used up."""

    def __init__(self, count: Callable[[], int], seed: int = 0):
        self._count, self._random = count, np.random.default_rng(seed)
        self._order = np.zeros(0, int)

    def take(self, count: int) -> np.ndarray:
        """The next ``count`` row numbers. ValueError while there are none."""
        while len(self._order) < count:
            rows = self._count()
            if not rows:
                raise ValueError("the store has no complete shard yet: wait for the first one")
            self._order = np.concatenate([self._order, self._random.permutation(rows)])
        taken, self._order = self._order[:count], self._order[count:]
        return taken
