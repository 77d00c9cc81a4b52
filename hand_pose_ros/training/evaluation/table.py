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


CURVES = (
    ("epe_px_mean", "EPE mean px", "{:.2f}"),
    ("epe_px_median", "EPE median px", "{:.2f}"),
    ("auc_0_30_px", "AUC 0-30 px", "{:.3f}"),
    ("relative_true_scale_mm", "3D mm, true scale", "{:.1f}"),
    ("auc_20_50_mm", "AUC 20-50 mm", "{:.3f}"),
    ("depth_bias_mm", "depth bias mm", "{:.1f}"),
    ("sigma_pixel", "in 1 sigma: px", "{:.2f}"),
    ("sigma_across", "across", "{:.2f}"),
    ("sigma_along", "along", "{:.2f}"),
)
"""End-point errors and areas as in Zimmermann & Brox 2017, Tables 1 to 3; coverage of the stated deviations."""
PRESENCE = ("accuracy", "precision", "recall", "f1", "roc_auc", "false_positives_per_image", "images_without_hand")
JOINTS = (("error_2d", "2D", "{:.3f}"), ("aligned_mm", "PA mm", "{:.1f}"), ("absolute_mm", "abs. mm", "{:.1f}"))


def curve_rows(results: list[dict]) -> list[list[str]]:
    """A row per system over all hands: end-point errors, areas under curves, coverage."""
    header = ["system", *(title for _, title, _ in CURVES)]
    return [header, *([result["system"], *_cells(result["all"], CURVES)] for result in results)]


def presence_rows(results: list[dict]) -> list[list[str]]:
    """A row per system: is a hand in the image (Kourbane & Genc 2021, section IV)."""
    rows = [[result["system"], *(_cell(result["presence"][name], "{:.3f}") for name in PRESENCE)] for result in results]
    return [["system", *(name.replace("_", " ") for name in PRESENCE)], *rows]


def joint_rows(results: list[dict]) -> list[list[str]]:
    """A row per finger and joint type, a group of columns per system."""
    header = ["joints", *(f"{result['system']} {title}" for result in results for _, title, _ in JOINTS)]
    names = list(results[0]["joints"])
    cells = [
        [_cell(result["joints"][name][key], form) for result in results for key, _, form in JOINTS] for name in names
    ]
    return [header, *([name, *row] for name, row in zip(names, cells, strict=True))]


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


def _cells(figures: dict, columns=COLUMNS) -> list[str]:
    return [_cell(figures[name]["value"], form) for name, _, form in columns]


def _cell(value: float, form: str) -> str:
    return "" if math.isnan(value) else form.format(value)


def markdown(rows: list[list[str]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"
