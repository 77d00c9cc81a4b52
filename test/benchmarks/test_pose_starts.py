"""How benchmarks.pose_starts disturbs, ranks and prints starts."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from benchmarks import pose_starts
from benchmarks.pose_starts import Bench, Measured, candidates, ranking, start_lines, ways
from hand_pose_ros.training.poses.leverage import FINGER_ANGLES
from hand_pose_ros.training.poses.limits import LIMITS
from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.skeleton import ANGLE
from hand_pose_ros.training.poses.starts import STARTS
from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE


def measured(depths, gaps, off, ways) -> Measured:
    """From millimetres (S, H) and degrees (S,)."""
    names = ["as written", "present", *(str(k) for k in range(len(depths) - 2))]
    millimetres = (np.array(values, float) * 1e-3 for values in (depths, gaps, off))
    return Measured(names, np.zeros((len(depths), 28)), *millimetres, np.array(ways, float))


FOUND = measured(
    depths=[[5, 0], [1, 2], [2, 2], [0, 0], [0, 0]],
    gaps=[[0, 0], [0, 0], [0, 0], [0, 3], [-1, 1]],
    off=[[0, 0], [0, 0], [0, 0], [0, 0], [0, 12]],
    ways=[0, 20, 18, 0, 0],
)


def test_the_worst_hand_and_what_is_beyond_the_bars_count():
    assert FOUND.losses * 1e3 == pytest.approx([3, 1, 0.9, 1, 3])
    assert FOUND.order.tolist() == [2, 1, 3, 0, 4]  # of equals the earlier


def test_the_ranking_shows_the_present_start_wherever_it_is():
    head, *lines = ranking(FOUND, shown=1).splitlines()
    assert head.split() == ["start", "loss", "mm", "depth", "mm", "gap", "mm", "off", "mm", "way", "deg"]
    assert [line.split()[0] for line in lines] == ["0", "present", "as"]
    assert lines[0].split() == ["0", "0.90", "2.0", "0.0", "0.0", "18.0"]


def test_candidates_are_the_same_again_in_whole_degrees_and_within_the_limits():
    named = ALL_POSES["letter_n"]
    names, angles = candidates(named, 6, np.random.default_rng(0))
    assert len(names) == len(angles) == 8
    assert np.array_equal(angles[0], named.written)
    assert np.array_equal(angles[1], named.angles)
    degrees = np.degrees(angles[2:, list(FINGER_ANGLES)])
    assert np.allclose(degrees, np.round(degrees))
    assert (degrees.std(axis=0) > 0.3).mean() > 0.9  # some may all end at a limit
    assert (angles >= LIMITS[:, 0] - 1e-9).all()
    assert (angles <= LIMITS[:, 1] + 1e-9).all()
    assert np.array_equal(angles, candidates(named, 6, np.random.default_rng(0))[1])
    assert candidates(ALL_POSES["open"], 1, np.random.default_rng(0))[0] == ["as written", "0"]  # has no other start


def test_the_way_is_that_of_thumb_and_fingers():
    written = ALL_POSES["fist"].written
    angles = np.repeat(written[None], 2, axis=0)
    angles[0, list(FINGER_ANGLES)] += np.radians(3.0)
    angles[1, ANGLE["wrist_flexion"]] += 1.0
    assert ways(angles, written) == pytest.approx([3.0, 0.0])


@pytest.mark.parametrize("name", STARTS)
def test_lines_are_those_of_the_file(name):
    lines = start_lines(name, ALL_POSES[name].angles)
    assert eval("{" + lines + "}") == {name: STARTS[name]}


@pytest.mark.parametrize("arguments", [["wave"], ["fist", "--hands", "0"], ["fist", "--starts", "-1"]])
def test_bad_arguments_are_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pose_starts", *arguments])
    with pytest.raises(SystemExit, match="2"):
        pose_starts.main()
    assert arguments[-1] in capsys.readouterr().err


@pytest.mark.makehuman
@pytest.mark.skipif(not os.environ.get(FOLDER_VARIABLE), reason=f"set {FOLDER_VARIABLE} to MakeHuman's data folder")
def test_meshes_tell_a_start_in_the_flesh_from_a_settled_one():
    named, bench = ALL_POSES["letter_t"], Bench(None, 2, 0)
    found = bench.measured(named, ["as written", "present"], np.stack([named.written, named.angles]))
    assert found.depths.shape == found.gaps.shape == found.off.shape == (2, 2)
    assert found.depths[0].max() > 0.004 > found.depths[1].max()
    assert found.off[0].max() > 0.03 > found.off[1].max()
    assert found.order.tolist() == [1, 0]
