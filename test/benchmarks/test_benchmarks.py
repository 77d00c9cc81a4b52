"""What the benchmarks conclude from their samples, on samples whose answer is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from benchmarks.frame_file import FrameFile, timed
from benchmarks.memory_growth import growth

FRAMES = np.linspace(0.0, 108_000.0, 500)


def test_memory_of_the_warm_up_is_no_growth():
    result = growth(FRAMES, np.where(FRAMES < 10_000.0, 50.0, 100.0))
    assert result.worst == pytest.approx(0.0, abs=1e-9)


def test_a_leak_of_500_bytes_a_frame_is_seen():
    result = growth(FRAMES, 400.0 + FRAMES * 500 / 2**20)
    assert result.fitted == pytest.approx(0.9 * 108_000 * 500 / 2**20 / result.start_mb, rel=0.01)
    assert result.worst > 0.05


def test_a_peak_that_was_freed_again_counts():
    memory = np.full(500, 100.0)
    memory[300] = 120.0
    assert growth(FRAMES, memory).worst == pytest.approx(0.2)


def test_too_short_a_run_is_no_result():
    with pytest.raises(ValueError, match="run longer"):
        growth(FRAMES[:8], FRAMES[:8])


def test_timing_counts_the_cpu_of_the_tracker_and_no_warm_up(tmp_path):
    frames = np.arange(6 * 4 * 4 * 3, dtype=np.uint8).reshape(6, 4, 4, 3)
    frames.tofile(tmp_path / "frames.rgb")
    seen = []

    def track(image):
        seen.append(image.copy())
        end = time.thread_time() + (0.05 if len(seen) > 2 else 0.0)
        while time.thread_time() < end:
            pass
        return len(seen)

    result = timed(track, FrameFile(str(tmp_path / "frames.rgb"), 4, 4), warm_up=2)
    assert np.array_equal(seen, frames)
    assert result["hands"] == [3, 4, 5, 6]
    assert all(0.05 <= seconds < 0.1 for seconds in result["cpu_s"])
    assert min(result["wall_s"]) >= 0.05
    assert result["peak_mb"] > 10.0


def test_ratios_are_those_to_mediapipe():
    pytest.importorskip("psutil")
    from benchmarks.contenders import Timing
    from benchmarks.node_cost import NodeCost
    from benchmarks.report import REFERENCE, in_node, in_process

    def timing(name, cpu_ms):
        return Timing(name, 10, 1.0, 30.0, 30.0, 40.0, cpu_ms, (cpu_ms,), 100.0)

    def node(max_hands, threads, cpu_ms):
        return NodeCost(max_hands, threads, 600, 1, cpu_ms, 3.0, 15.0, 20.0, 400.0)

    results = {2: [timing("ours", 7.0), timing("ours, 1 thread", 6.0), timing(REFERENCE, 10.0)]}
    rows = in_process(results)
    assert [row.split("|")[-2].strip() for row in rows[-3:]] == ["0.70", "0.60", "1.00"]
    rows = in_node([node(2, 0, 9.0), node(2, 1, 7.5), node(0, 0, 2.0)], results)
    assert [row.split("|")[7:10:2] for row in rows[-3:]] == [
        [" +2.0 ms ", " 0.90 "],
        [" +1.5 ms ", " 0.75 "],
        ["  ", "  "],
    ]


def test_a_table_replaces_the_one_before(tmp_path):
    pytest.importorskip("psutil")
    from benchmarks.report import write_block

    page = tmp_path / "page.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    write_block(page, "speed", ["new", "lines"])
    assert page.read_text() == "before\n<!-- speed -->\nnew\nlines\n<!-- /speed -->\nafter\n"
    with pytest.raises(ValueError, match="no lines <!-- soak -->"):
        write_block(page, "soak", ["new"])
