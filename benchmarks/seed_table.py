"""A table of trainings that were repeated with other seeds: means, and half of the range over the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def markdown(rows: Sequence[Mapping], columns: Mapping[str, tuple[str, str]], title: str) -> str:
    """Markdown of ``rows``, each with ``name`` and figures; rows of one name are one line of the table.

    ``columns``: figure -> its title and the form of a number. Figures that are missing or no number leave a blank.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    lines = [
        "| " + " | ".join([title, *(name for name, _ in columns.values())]) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    for name in names:
        same = [row for row in rows if row["name"] == name]
        cells = [cell([row.get(key, math.nan) for row in same], form) for key, (_, form) in columns.items()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines) + "\n"


def cell(values: Sequence[float], form: str) -> str:
    """Mean, and where there are several and they differ in the form's digits, half of their range."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ""
    mean, half = form.format(sum(values) / len(values)), form.format((max(values) - min(values)) / 2.0)
    return mean if float(half) == 0.0 else f"{mean} ± {half}"
