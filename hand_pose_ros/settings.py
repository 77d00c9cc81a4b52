"""Settings: a frozen dataclass per component, from whose fields ROS parameters and command-line flags are declared.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class DetectorSettings:
...     min_score: float = setting(0.5, "Lowest score of a hand that is kept.", minimum=0.0, maximum=1.0)
>>> check(DetectorSettings(min_score=2.0))
Traceback (most recent call last):
ValueError: min_score is 2.0: give a number from 0.0 to 1.0 (Lowest score of a hand that is kept.)
"""

from __future__ import annotations

import math
from dataclasses import MISSING, Field, field, fields


def setting(default, description, *, minimum=None, maximum=None, choices=None, runtime=True):
    """A dataclass field with its meaning and limits.

    ``runtime`` is False for what cannot change while the component works (a model, a device).
    Tuples of floats or strings are given a plain tuple as default.
    """
    metadata = {
        "description": description, "minimum": minimum, "maximum": maximum, "choices": choices, "runtime": runtime,
    }  # fmt: skip
    return field(default=default, metadata=metadata)


def default_of(item: Field):
    """The default value of one settings field."""
    return item.default if item.default is not MISSING else item.default_factory()


def check(settings):
    """Return ``settings`` if every field keeps its type and limits, else raise ValueError naming the field."""
    for item in fields(settings):
        check_value(item, getattr(settings, item.name))
    return settings


def check_value(item: Field, value):
    """Raise ValueError, with what to do instead, if ``value`` is not allowed for the settings field ``item``."""
    meta, default = item.metadata, default_of(item)
    if isinstance(default, bool) is not isinstance(value, bool):
        raise ValueError(f"{item.name} is {value!r}: give a value of type {type(default).__name__}")
    if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
        raise ValueError(f"{item.name} is {value!r}: give a number ({meta['description']})")
    if type(default) is int and not isinstance(value, int):
        raise ValueError(f"{item.name} is {value!r}: give a whole number ({meta['description']})")
    if isinstance(default, str) and not isinstance(value, str):
        raise ValueError(f"{item.name} is {value!r}: give a string ({meta['description']})")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{item.name} is {value}: give a finite number ({meta['description']})")
    low, high = meta.get("minimum"), meta.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"{item.name} is {value}: give a number {_limits(low, high)} ({meta['description']})")
    if meta.get("choices") and value not in meta["choices"]:
        allowed = ", ".join(map(str, meta["choices"]))
        raise ValueError(f"{item.name} is {value!r}: give one of {allowed} ({meta['description']})")


def _limits(low, high) -> str:
    if low is None:
        return f"of at most {high}"
    return f"of at least {low}" if high is None else f"from {low} to {high}"
