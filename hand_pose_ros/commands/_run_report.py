"""What ``hand_pose_ros run`` shows while it runs and at the end."""

from __future__ import annotations

import time

from rich.console import Console
from rich.table import Table

PACES = {"every frame": "each frame waited for the last one's hands", "real time": "played in real time"}
_PLAIN_PERIOD_S = 5.0


class Progress:
    """One line that is renewed in a terminal, and a line every five seconds elsewhere (a log file)."""

    def __init__(self, console: Console):
        self._console, self._live = console, console.status("starting") if console.is_terminal else None
        self._shown_s = time.monotonic()
        if self._live:
            self._live.start()

    def show(self, text: str) -> None:
        """The present state."""
        if self._live:
            self._live.update(text)
        elif time.monotonic() - self._shown_s > _PLAIN_PERIOD_S:
            self._shown_s = time.monotonic()
            self._console.print(text, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Take the line away."""
        if self._live:
            self._live.stop()


def progress_text(state: dict) -> str:
    """The progress line for what recorder_node tells."""
    if not state.get("frames"):
        return "starting: waiting for the first hands message"
    total = f"/{state['expected']}" if state.get("expected") else ""
    return (
        f"{state['frames']}{total} frames, {state['fps']:.1f} fps, {state['hands']} hands now, "
        f"hand in {state['frames_with_hand']}, {state['dropped']} dropped, p50 latency {state['latency_p50_ms']:.0f} ms"
    )


def print_summary(console: Console, summary: dict) -> None:
    """The numbers of a run as a table."""
    table = Table(show_header=False, title=f"hand_pose_ros run: {summary['ended']}", title_justify="left")
    for name, value in rows(summary):
        table.add_row(name, value)
    console.print(table, highlight=False, markup=False)


def rows(summary: dict) -> list[tuple[str, str]]:
    """Names and values of the table."""
    latency, sides, frames = summary["latency_ms"], summary["handedness"], summary["frames"]
    share = f" ({100 * summary['frames_with_hand'] / frames:.1f} %)" if frames else ""
    return [
        ("source", summary["source"]),
        ("frames processed", f"{frames} of {summary['source_frames']} sent, {summary['dropped']} dropped"),
        ("frames with a hand", f"{summary['frames_with_hand']}{share}"),
        ("hands", ", ".join(f"{count} {side}" for side, count in sides.items())),
        ("ids", ", ".join(map(str, summary["ids"][:20])) + (" ..." if len(summary["ids"]) > 20 else "") or "none"),
        ("rate", f"{summary['fps']} fps, {PACES[summary['pace']]}"),
        ("latency, stamp to publish", f"p50 {latency['p50']} ms, p95 {latency['p95']} ms"),
        ("model", f"{summary['model'] or 'unknown'} on {summary['device'] or 'unknown'}"),
        ("metres", metres(summary["camera"])),
        *error_rows(summary),
        ("results", summary["output"]),
        *(("problem", problem) for problem in summary["problems"]),
    ]


def error_rows(summary: dict) -> list[tuple[str, str]]:
    """The measured error, for a clip with ground truth."""
    if reason := summary.get("error_not_measured"):
        return [("measured error", f"none: {reason}")]
    if (error := summary.get("error")) is None:
        return []
    found = ("true hands", f"{error['true_hands']}, {error['found_hands']} of them found")
    if not error["found_hands"]:
        return [found]
    return [
        found,
        (
            "measured error",
            f"{error['absolute_mm']:.1f} mm absolute, {error['relative_mm']:.1f} mm from the wrist, "
            f"{100 * error['error_2d']:.1f} % of the hand in the image",
        ),
    ]


def metres(camera: dict) -> str:
    """Where the metres of the run come from."""
    if camera["calibration"]:
        return f"from the calibration {camera['calibration']}"
    if not camera["fov_deg"]:
        return "none: no calibration and no field of view were given; keypoints in pixels only"
    if camera["assumed"]:
        return (
            f"ASSUMED horizontal field of view of {camera['fov_deg']:g} degrees, all metres scale with it; give --fov"
        )
    return f"horizontal field of view of {camera['fov_deg']:g} degrees"
