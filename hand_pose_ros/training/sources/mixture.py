"""Several sources as one, each with its share of every batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from hand_pose_ros.training.hand_batch import HandBatch


class Source(Protocol):
    """What every source can do. Images have one size S per source; the tensors lie on the CPU."""

    def batch(self, count: int) -> HandBatch:
        """The next ``count`` crops, without end."""


class Mixture:
    """Batches of which each source fills its share: ``Mixture({rendered: 0.75, photographs: 0.25})``.

    Shares need not add up to 1. Rounding is made good over the batches, and rows are shuffled so that halves of a batch
    are mixtures too. ValueError without a positive share.
    """

    def __init__(self, shares: Mapping[Source, float], seed: int = 0):
        self._sources = [source for source, share in shares.items() if share > 0]
        shares = np.array([shares[source] for source in self._sources], float)
        if not (len(shares) and np.isfinite(shares).all()):
            raise ValueError(f"shares {list(shares)}: give at least one source a positive share")
        self._shares, self._owed = shares / shares.sum(), np.zeros(len(shares))
        self._random = np.random.default_rng(seed)

    def batch(self, count: int) -> HandBatch:
        """The next ``count`` crops."""
        parts = [source.batch(int(n)) for source, n in zip(self._sources, self._counts(count), strict=True) if n]
        joined = parts[0] if len(parts) == 1 else HandBatch.joined(parts)
        return joined.rows(self._random.permutation(count))

    def skip(self, count: int) -> None:
        """Pass over the next batch without reading it, as far as the sources can."""
        for source, n in zip(self._sources, self._counts(count), strict=True):
            if n and hasattr(source, "skip"):
                source.skip(int(n))
        self._random.permutation(count)

    def _counts(self, count: int) -> np.ndarray:
        """How many crops each source gives to this batch; what it is owed by rounding is kept for the next."""
        self._owed += self._shares * count
        counts = np.floor(self._owed + 1e-9).astype(int)
        missing = count - counts.sum()
        counts[np.argsort(counts - self._owed, kind="stable")[:missing]] += 1
        self._owed -= counts
        return counts
