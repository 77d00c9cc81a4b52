"""Tables of the benchmarks, as Markdown, and their places in a page."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from benchmarks.contenders import Timing
from benchmarks.decoded_video import DecodedVideo
from benchmarks.node_cost import NodeCost

REFERENCE = "MediaPipe package"


def conditions(video: DecodedVideo) -> str:
    """What was measured, where and when."""
    name = Path(video.source).name
    size = f"`{name}`, {video.count} frames, {video.width} x {video.height}, {video.rate:g} fps"
    return f"{size}. {machine()}"


def machine() -> str:
    """The machine, the load of the last minute, the time: call it before the work begins."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    load = os.getloadavg()[0]
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"{name}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}, {now}."


def in_process(results: dict[int, list[Timing]]) -> list[str]:
    """The trackers alone, by largest number of hands; the last column is CPU time over the reference's."""
    columns = ("at most", "tracker", "with a hand", "fps", "p50 ms", "p95 ms", "CPU ms per frame (rounds)")
    rows = _head(*columns, "peak MB", "CPU ratio")
    for max_hands, timings in results.items():
        for timing in timings:
            rounds = ", ".join(f"{value:.1f}" for value in timing.rounds_cpu_ms)
            numbers = f"{timing.fps:.0f}", f"{timing.p50_ms:.1f}", f"{timing.p95_ms:.1f}"
            cost = f"{timing.cpu_ms:.1f} ({rounds})", f"{timing.peak_mb:.0f}", _ratio(timing.cpu_ms, timings)
            rows.append(_row(_hands(max_hands), timing.name, f"{timing.with_hand:.1%}", *numbers, *cost))
    return rows


def in_node(costs: list[NodeCost], results: dict[int, list[Timing]]) -> list[str]:
    """hand_pose_node over DDS; the ratio is its CPU time over the reference's, which has no DDS to serve."""
    columns = ("hand_pose_node", "frames", "dropped", "latency p50 ms", "p95 ms", "CPU ms per frame")
    rows = _head(*columns, "over the pipeline alone", "peak MB", "CPU ratio")
    for cost in costs:
        timings = results.get(cost.max_hands, [])
        name = f"at most {_hands(cost.max_hands)}" if cost.max_hands else "no networks, one fixed hand"
        name += ", 1 thread" if cost.threads == 1 else ""
        # The contenders' order: ours with the default threads, ours with one.
        over = f"{cost.cpu_ms - timings[cost.threads].cpu_ms:+.1f} ms" if timings else ""
        numbers = cost.frames, cost.dropped, cost.p50_ms, cost.p95_ms, f"{cost.cpu_ms:.1f}"
        rows.append(_row(name, *numbers, over, f"{cost.peak_mb:.0f}", _ratio(cost.cpu_ms, timings)))
    return rows


def _head(*columns: str) -> list[str]:
    return ["", _row(*columns), "|" + "---|" * len(columns)]


def _row(*cells) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _hands(number: int) -> str:
    return "1 hand" if number == 1 else f"{number} hands"


def _ratio(cpu_ms: float, timings: list[Timing]) -> str:
    reference = [timing.cpu_ms for timing in timings if timing.name == REFERENCE]
    return f"{cpu_ms / reference[0]:.2f}" if reference else ""


def write_block(page: Path, name: str, lines: list[str]) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``; ValueError if the page lacks them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page}: no lines {begin.strip()} and {end}: add them where the tables shall stand")
    page.write_text(before + begin + "\n".join(lines) + "\n" + end + after, encoding="utf-8")
