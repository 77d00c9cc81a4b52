"""``hand_pose_ros run`` as a process with real signals; in most tests a stand-in takes the perception's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

pytest.importorskip("rclpy")
from hand_pose_ros.commands import _ros_environment, _run_plan
from hand_pose_ros.commands._processes import NodeProcess, stop
from hand_pose_ros.commands.run import add_parser
from hand_pose_ros.networks.model_card import DEFAULT_MODEL

pytestmark = pytest.mark.ros
HERE = Path(__file__).resolve().parent
FRAMES, RATE = 40, 20.0
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "grey.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE, (160, 120))
    for number in range(FRAMES):
        writer.write(np.full((120, 160, 3), 60 + 2 * number, np.uint8))
    writer.release()
    return path


class Run:
    """A running command, and what it started."""

    def __init__(self, *arguments, behaviour="", command=(str(HERE / "stand_in.py"), "run")):
        environment = {**os.environ, "STAND_IN": behaviour, "COLUMNS": "150"}
        environment.pop("ROS_DOMAIN_ID", None)  # each takes one where nobody is heard
        self.process = subprocess.Popen(
            [sys.executable, *command, *map(str, arguments)], env=environment, cwd=HERE.parents[1],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.children: list[psutil.Process] = []

    def note_children(self):
        """Remember the processes of this moment."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if child not in self.children:
                self.children.append(child)

    def until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end
            self.note_children()
            time.sleep(0.02)

    def end(self):
        """Exit status, stdout and stderr; asserts that nothing is left behind."""
        if self.process.poll() is None and not self.children:
            self.until(lambda: len(self.children) >= 1)
        output, errors = self.process.communicate(timeout=PATIENCE_S)
        self.assert_none_left()
        return self.process.returncode, output, errors

    def assert_none_left(self, patience_s=5.0):
        _, left = psutil.wait_procs(self.children, timeout=patience_s)
        assert not left, f"left behind: {[process.cmdline() for process in left]}"


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def frames_of(path) -> int:
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    return count


def hands_in_bag(folder) -> int:
    from rosbags.highlevel import AnyReader

    with AnyReader([folder / "bag"]) as reader:
        return sum(1 for _ in reader.messages([c for c in reader.connections if c.topic == "/hands"]))


def test_a_run_processes_every_frame_and_leaves_a_summary_a_film_and_a_bag(video, tmp_path):
    run = Run(video, "--output", tmp_path / "out")
    run.until(lambda: len(run.children) >= 4)
    assert {child.nice() for child in run.children if "visualization_node" in " ".join(child.cmdline())} == {
        min(os.nice(0) + 5, 19)
    }
    status, output, errors = run.end()
    assert status == 0, errors
    summary = summary_of(tmp_path / "out")
    assert (summary["frames"], summary["source_frames"], summary["dropped"]) == (FRAMES, FRAMES, 0)
    assert (summary["frames_with_hand"], summary["ids"]) == (FRAMES - 1, [4])
    assert summary["handedness"] == {"left": FRAMES - 1, "right": 0}
    assert summary["fps"] == pytest.approx(RATE, rel=0.15)
    assert 0.0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p95"] < 1000.0
    assert (summary["model"], summary["device"]) == ("stand_in", "cpu")
    assert summary["camera"] == {"calibration": None, "fov_deg": 60.0, "assumed": True}
    assert (summary["ended"], summary["pace"]) == ("end of the source", "every frame")
    assert abs(frames_of(tmp_path / "out" / "overlay.mp4") - FRAMES) <= 1
    assert hands_in_bag(tmp_path / "out") == FRAMES
    for text in ("40 of 40 sent", "39 left", "ASSUMED", "stand_in on cpu", str(tmp_path / "out")):
        assert text in output
    assert "ROS_DOMAIN_ID=" in errors


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_it_runs_completes_the_results(video, tmp_path, number, status):
    run = Run(video, "--output", tmp_path / "out", "--loop")
    bag = tmp_path / "out" / "overlay.mp4"
    run.until(lambda: bag.exists() and bag.stat().st_size > 0)
    run.process.send_signal(number)
    assert run.end()[0] == status
    summary = summary_of(tmp_path / "out")
    assert summary["ended"] == f"stopped by {signal.Signals(number).name}"
    assert summary["problems"] == []
    assert summary["frames"] == hands_in_bag(tmp_path / "out") > 0
    assert frames_of(bag) > 0


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 0.6, 1.2])
def test_a_signal_during_the_start_leaves_no_process(video, tmp_path, delay_s):
    run = Run(video, "--output", tmp_path / "out")
    run.until((tmp_path / "out").exists)
    time.sleep(delay_s)
    run.note_children()
    run.process.send_signal(signal.SIGINT)
    _, errors = run.process.communicate(timeout=PATIENCE_S)
    assert run.process.returncode == 130, errors
    run.assert_none_left()


def test_nodes_end_with_the_command_when_it_is_killed(video, tmp_path):
    run = Run(video, "--output", tmp_path / "out", "--loop")
    film = tmp_path / "out" / "overlay.mp4"
    run.until(lambda: film.exists() and film.stat().st_size > 0)
    run.note_children()
    run.process.kill()
    run.process.communicate()
    run.assert_none_left(20.0)
    assert summary_of(tmp_path / "out")["frames"] == hands_in_bag(tmp_path / "out") > 0


def test_a_second_signal_ends_everything_at_once(video, tmp_path):
    run = Run(video, "--output", tmp_path / "out", "--loop", behaviour="stubborn")
    film = tmp_path / "out" / "overlay.mp4"
    run.until(lambda: film.exists() and film.stat().st_size > 0)
    run.process.send_signal(signal.SIGINT)
    time.sleep(1.0)
    assert run.process.poll() is None
    run.process.send_signal(signal.SIGINT)
    started = time.monotonic()
    assert run.end()[0] == 130
    assert time.monotonic() - started < 3.0


def test_the_duration_ends_a_loop(video, tmp_path):
    run = Run(video, "--output", tmp_path / "out", "--loop", "--duration", "1", "--no-video", "--fov", "0")
    status, output, errors = run.end()
    assert status == 0, errors
    assert summary_of(tmp_path / "out")["ended"] == "1 s are over"
    assert summary_of(tmp_path / "out")["metric_frames"] == 0
    assert "keypoints in pixels only" in output
    assert not (tmp_path / "out" / "overlay.mp4").exists()


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("dies", "hand_pose_node ended with status 3"),
        ("refuses", "weights are not there"),
        ("silent", "nothing was"),
    ],
)
def test_a_perception_that_does_not_work_is_an_error_with_its_reason(video, tmp_path, behaviour, reason):
    run = Run(video, "--output", tmp_path / "out", "--real-time", behaviour=behaviour)
    status, _, errors = run.end()
    assert status == 1
    assert reason in errors.splitlines()[-1]


def test_a_model_that_does_not_exist_is_an_error_at_once(video, tmp_path):
    run = Run(video, "--output", tmp_path / "out", "--model", "nonsense", command=("-m", "hand_pose_ros", "run"))
    status, _, errors = run.end()
    assert status == 1
    assert "model 'nonsense' is not in" in errors
    assert "hand_pose_node ended with status 1: hand_pose_node could not start" in errors.splitlines()[-1]


def test_wrong_arguments_start_nothing(video, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    cases = {
        "does not exist": [tmp_path / "missing.mp4"],
        "exclude each other": [video, "--fov", "60", "--camera-info", video],
        "175 degrees": [video, "--fov", "200"],
        "is not empty": [video, "--output", tmp_path / "full"],
        "give name=value": [video, "--param", "nonsense"],
        "calibration file": [video, "--camera-info", tmp_path / "missing.yaml"],
        "give one": [video, "--source", video, "--output", tmp_path / "new"],
    }
    runs = {text: Run(*arguments, command=("-m", "hand_pose_ros", "run")) for text, arguments in cases.items()}
    for text, run in runs.items():
        _, errors = run.process.communicate(timeout=PATIENCE_S)
        assert run.process.returncode == 2, errors
        assert text in errors


def plan(tmp_path, *arguments, demo=None):
    import argparse

    parser = argparse.ArgumentParser()
    args = add_parser(parser.add_subparsers()).parse_args([*map(str, arguments), "--output", str(tmp_path / "out")])
    return _run_plan.make_plan(args)


def test_without_a_source_the_demo_clip_plays_if_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(_run_plan, "share_folder", lambda: tmp_path)
    with pytest.raises(_run_plan.PlanError, match="Give a video file"):
        plan(tmp_path)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "hand_demo.mp4").touch()
    assert plan(tmp_path).source == str(tmp_path / "demo" / "hand_demo.mp4")
    (tmp_path / "demo" / "calibration.yaml").touch()
    assert plan(tmp_path).view == {
        "calibration": str(tmp_path / "demo" / "calibration.yaml"), "fov_deg": None, "assumed": False,
    }  # fmt: skip


def test_options_become_parameters(video, tmp_path):
    made = plan(
        tmp_path, video, "--model", "m", "--max-hands", 1, "--hand-scale", 0.09, "--rate", 15, "--fov", 70,
        "--mirrored",
        "--param", "filter.enabled=false", "--param", "device=cpu",
    )  # fmt: skip
    assert made.parameters["hand_pose_node"] == {
        "autostart": True, "model": "m", "estimator.max_hands": 1, "hand_scale_m": 0.09, "mirrored": True,
        "filter.enabled": False, "device": "cpu", "max_age_s": 0.0,
    }  # fmt: skip
    assert made.parameters["camera_node"]["fov"] == 70.0
    assert made.parameters["camera_node"]["rate"] == 15.0
    assert made.parameters["camera_node"]["wait_for_hands"] is True
    assert plan(tmp_path, video, "--real-time").parameters["camera_node"]["wait_for_hands"] is False
    assert plan(tmp_path, "0").parameters["camera_node"]["wait_for_hands"] is False
    assert made.view["assumed"] is False
    assert plan(tmp_path, "0").source == "0"
    made = plan(tmp_path, "0")
    made.write()
    assert '    source: "0"\n' in made.parameter_file.read_text()


def test_the_domain_is_one_where_nobody_listens(monkeypatch):
    import socket

    domain = _ros_environment.free_domain()
    assert 50 <= domain < 100
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 7400 + 250 * domain))
        assert _ros_environment.free_domain() != domain


def test_the_environment_keeps_what_the_user_has_set(monkeypatch, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "fastdds.xml").touch()
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE", raising=False)
    monkeypatch.setattr(_ros_environment, "has_room", lambda: True)
    for package in ("fastrtps", "fastdds"):
        variable = f"{package.upper()}_DEFAULT_PROFILES_FILE"
        (tmp_path / package / "share" / package).mkdir(parents=True)
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / package))
        monkeypatch.setenv(variable, "mine.xml")
        assert _ros_environment.ros_environment(tmp_path)[variable] == "mine.xml"
        monkeypatch.delenv(variable)
        environment = _ros_environment.ros_environment(tmp_path)
        assert environment[variable] == str(tmp_path / "config" / "fastdds.xml")
        assert (environment["ROS_DOMAIN_ID"], environment["ROS_AUTOMATIC_DISCOVERY_RANGE"]) == ("7", "LOCALHOST")
    monkeypatch.setattr(_ros_environment, "has_room", lambda: False)
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in _ros_environment.ros_environment(tmp_path)


SLEEPER = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"


def test_a_process_that_does_not_end_when_asked_is_killed_with_its_children(tmp_path):
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]).wait()"
    process = NodeProcess("deaf", [sys.executable, "-c", child], tmp_path / "log", dict(os.environ))
    while b"up" not in (process.stdout.read() or b""):
        time.sleep(0.02)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) >= 2
    assert stop([[process]], [0.3]) in (["deaf"], [])
    _, left = psutil.wait_procs(family, timeout=3.0)
    assert not left
    process.close()


def test_last_words_are_the_error_or_the_end_of_a_traceback(tmp_path):
    def words(code):
        process = NodeProcess("node", [sys.executable, "-c", code], tmp_path / "log", dict(os.environ))
        process.wait(time.monotonic() + 20.0)
        said = process.last_words()
        process.close()
        return said

    assert words("import sys; print('[ERROR] bad\\n[INFO] bye', file=sys.stderr)") == "[ERROR] bad"
    assert words("import sys; print('[FATAL] [17.5] [node]: bad: x', file=sys.stderr)") == "bad: x"
    assert words("raise KeyError('x')") == "KeyError: 'x'"
    assert words("pass") == "it said nothing"


@pytest.mark.data
def test_the_real_perception_follows_one_right_hand(tmp_path):
    data = os.environ.get("HAND_POSE_ROS_DATA")
    if not data:
        pytest.skip("HAND_POSE_ROS_DATA names no folder with videos/raised_hand.mp4")
    from hand_pose_ros.networks.model_files import find_weights
    from hand_pose_ros.networks.tflite import ModelFileError

    try:
        find_weights("hand_landmark_full.tflite", tmp_path)
    except ModelFileError as error:
        pytest.skip(str(error))
    source = Path(data) / "videos" / "raised_hand.mp4"
    options = ("--output", tmp_path / "out", "--duration", "5")
    run = Run(source, *options, command=("-m", "hand_pose_ros", "run"))
    status, _, errors = run.end()
    assert status == 0, errors
    summary = summary_of(tmp_path / "out")
    assert summary["frames_with_hand"] >= 0.97 * summary["frames"] > 50
    assert (summary["ids"], summary["handedness"]["left"]) == ([1], 0)
    assert summary["model"] == DEFAULT_MODEL
    assert summary["metric_frames"] == summary["frames"]
