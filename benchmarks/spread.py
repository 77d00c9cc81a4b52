"""Some of many, evenly spread: data sets are sorted by where they come from."""

from __future__ import annotations

import numpy as np


def spread(length: int, count: int) -> np.ndarray:
    """At most ``count`` of ``length`` places, evenly spread, in order. ValueError for less than one."""
    if min(length, count) < 1:
        raise ValueError(f"{count} of {length}: give a count, and data, of at least 1")
    return np.linspace(0, length - 1, min(count, length)).round().astype(int)
