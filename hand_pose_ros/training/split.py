"""Which skins and named poses training sees, and which are kept for tests: every fifth is held back."""

from __future__ import annotations

from collections.abc import Sequence

ALL, TRAIN, HELD_BACK = SPLITS = ("all", "train", "held_back")
EVERY = 5


def part_of(items: Sequence, split: str) -> list:
    """The items that belong to ``split``; ValueError if there is no such split, or nothing left of a short list."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: give one of {', '.join(SPLITS)}")
    held_back = [number % EVERY == EVERY - 1 for number in range(len(items))]
    chosen = [item for item, held in zip(items, held_back, strict=True) if split == ALL or held == (split == HELD_BACK)]
    if not chosen:
        raise ValueError(f"{len(items)} items are too few to hold some back: give at least {EVERY}, or split {ALL!r}")
    return chosen
