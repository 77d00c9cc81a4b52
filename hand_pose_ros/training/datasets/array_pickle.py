"""Pickles of plain Python values and numpy arrays, nothing else: a pickle from the network may not run code here."""

from __future__ import annotations

import pickle
from pathlib import Path

ALLOWED = {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")} | {
    (f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}; only arrays and plain values are read")
        return super().find_class(module, name)


def read_pickle(path: Path):
    """The content of a pickle. ValueError if it holds anything else than plain values and arrays, or is damaged."""
    try:
        with path.open("rb") as file:
            return _ArrayUnpickler(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        raise ValueError(f"{path}: cannot be read as a pickle of arrays: {error}") from error
