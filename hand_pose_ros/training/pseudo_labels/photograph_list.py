"""Which photographs there are, where each comes from, and which are held back: whole sources, or a source's end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LICENCE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")


@dataclass(frozen=True)
class Photograph:
    """One file of a source."""

    path: Path
    source: str
    held_back: bool


def photographs(folders: Sequence[Path], hold_back: Sequence[str] = ()) -> list[Photograph]:
    """All photographs under ``folders``. A source is a folder that a LICENSE lies in, else the folder given itself.

    ``hold_back`` names sources kept from training; ``NAME:SHARE`` holds back the last share of one whose file numbers
    follow its people. ValueError for a folder without photographs or a name that no source has.
    """
    found = [(path, source) for folder in folders for path, source in _of_folder(Path(folder))]
    sources = {source for _, source in found}
    shares = dict(_share(text) for text in hold_back)
    if unknown := sorted(set(shares) - sources):
        raise ValueError(f"no source {', '.join(unknown)} to hold back: there are {', '.join(sorted(sources))}")
    listed = []
    for source in sorted(sources):
        paths = sorted((path for path, owner in found if owner == source), key=_number)
        kept = len(paths) - round(shares.get(source, 0.0) * len(paths))
        listed += [Photograph(path, source, n >= kept) for n, path in enumerate(paths)]
    return listed


def _of_folder(folder: Path) -> list[tuple[Path, str]]:
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise ValueError(f"{folder} holds no photographs: give folders with {', '.join(sorted(SUFFIXES))}")
    return [(path, _source(path, folder)) for path in paths]


def _source(path: Path, folder: Path) -> str:
    for parent in path.parents:
        if parent == folder or any((parent / name).is_file() for name in LICENCE_NAMES):
            return parent.name
    return folder.name


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition(":")
    try:
        value = float(share or 1.0)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise ValueError(f"hold back {text!r}: give NAME or NAME:SHARE with a share above 0, up to 1")
    return name, value


def _number(path: Path) -> tuple:
    """Sorts by the last number in a file's name, then by its path."""
    numbers = re.findall(r"\d+", path.stem)
    return (int(numbers[-1]) if numbers else -1, str(path))
