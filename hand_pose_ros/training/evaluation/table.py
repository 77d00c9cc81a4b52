"""The figures of several systems as one table: on the terminal, and as Markdown."""

from __future__ import annotations

import math

COLUMNS = (
    ("found", "found", "{:.3f}"),
    ("error_2d", "2D", "{:.3f}"),
    ("pck_0.1", "PCK@0.1", "{:.3f}"),
    ("epe_px_median", "EPE px", "{:.1f}"),
    ("aligned_mm", "PA mm", "{:.1f}"),
    ("relative_mm", "root-rel. mm", "{:.1f}"),
    ("absolute_mm", "abs. mm", "{:.1f}"),
    ("absolute_true_scale_mm", "abs. mm, true scale", "{:.1f}"),
    ("handedness", "side", "{:.3f}"),
    ("box_iou", "IoU", "{:.2f}"),
)


def table_rows(results: list[dict]) -> list[list[str]]:
    """Rows of text, the header first: a row per source and system, then one over all hands."""
    header = ["source", "hands", "system", *(title for _, title, _ in COLUMNS)]
    sources = list(dict.fromkeys(name for result in results for name in result["sources"]))
    rows = [
        [source, str(result["sources"][source]["hands"]), result["system"], *_cells(result["sources"][source])]
        for source in sources
        for result in results
    ]
    return [
        header,
        *rows,
        *(["all", str(result["hands"]), result["system"], *_cells(result["all"])] for result in results),
    ]


def _cells(figures: dict) -> list[str]:
    return [_cell(figures[name]["value"], form) for name, _, form in COLUMNS]


def _cell(value: float, form: str) -> str:
    return "" if math.isnan(value) else form.format(value)


def markdown(rows: list[list[str]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"
