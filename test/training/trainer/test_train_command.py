"""``hand_pose_ros train`` as a user runs it: alone, in two processes, interrupted, with mistakes in the file."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
import yaml
from safetensors.torch import load_file

from hand_pose_ros.cli import main
from hand_pose_ros.training.trainer.processes import World

HERE = Path(__file__).resolve().parent


@pytest.fixture
def write(tmp_path):
    """Writes a configuration of the toy; ``changes`` replace whole blocks."""

    def write(schedule=None, **changes):
        content = {
            "name": "toy",
            "network": {"class": "toy_task.ToyNetwork"},
            "task": {"class": "toy_task.ToyTask"},
            "validation": {"count": 64, "sources": {"toy": {}}},
            "schedule": {"steps": 40, "batch": 16, "learning_rate": 1e-2, "average": 0.0, **(schedule or {})},
        }
        path = tmp_path / f"toy{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump(content | changes))
        return path

    return write


def start(*arguments):
    """The command in a process of its own, one thread each."""
    environment = os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "hand_pose_ros", "train", *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_command_trains_and_leaves_everything_in_its_folder(write, tmp_path, capsys):
    assert main(["train", str(write()), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["error"] > 0.0
    stored = json.loads((tmp_path / "out/figures.json").read_text())
    assert stored["error"] == printed["error"]
    assert (stored["steps"], stored["examples"], stored["device"]) == (40, 640, "cpu")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"checkpoint.pt", "toy.safetensors", "toy_best.safetensors", "figures.json", "pictures"} <= names
    assert (tmp_path / "out/pictures/answers.png").stat().st_size > 0


def test_curves_can_be_read_back(write, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert main(["train", str(write()), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 0
    events = accumulator.EventAccumulator(str(tmp_path / "out/curves")).Reload()
    assert {"loss/loss", "loss/square", "held_back/error", "speed/waiting_for_data"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("loss/loss")] == [1, 20, 40]
    assert events.Tags()["images"] == ["answers"]


def test_two_processes_equal_one_on_the_joined_batch(write, tmp_path):
    joined = write(task={"class": "toy_task.JoinedToyTask"})
    assert main(["train", str(joined), "--output", str(tmp_path / "one"), "--device", "cpu"]) == 0
    many = start(write(), "--output", tmp_path / "two", "--device", "cpu", "--processes", 2)
    output, complaints = many.communicate(timeout=300)
    assert many.returncode == 0, complaints
    one = json.loads((tmp_path / "one/figures.json").read_text())
    assert json.loads(output)["error"] == pytest.approx(one["error"], rel=1e-4)
    assert json.loads((tmp_path / "two/figures.json").read_text())["processes"] == 2
    for name, value in load_file(tmp_path / "one/toy.safetensors").items():
        torch.testing.assert_close(load_file(tmp_path / "two/toy.safetensors")[name], value, atol=1e-3, rtol=1e-3)


def test_ctrl_c_saves_and_the_same_command_continues(write, tmp_path):
    config = write(schedule={"steps": 10**7, "validate_every": 5})
    running = start(config, "--output", tmp_path / "out", "--device", "cpu")
    deadline = time.monotonic() + 300  # a machine may be busy
    while not (tmp_path / "out/pictures/answers.png").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, complaints = running.communicate(timeout=300)
    assert running.returncode == 130, complaints
    assert "the same command continues" in complaints
    stored = torch.load(tmp_path / "out/checkpoint.pt", weights_only=True)
    assert stored["state"]["step"] >= 5
    assert stored["config"]["schedule"]["steps"] == 10**7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {"class": "nowhere.Nothing"}}, "no class nowhere.Nothing"),
        ({"network": {"class": "toy_task.ToyNetwork", "depth": 3}}, "'depth': 3"),
        ({"schedule": {"stepz": 3}}, "unknown settings of schedule: stepz"),
        ({"schedule": {"batch": 0}}, "batch is 0: give a number of at least 1"),
        ({"schedule": {"learning_rate": "fast"}}, "learning_rate is 'fast': give a number"),
        ({"schedule": {"phases": [{"learn": "tail"}]}}, "no part 'tail', only encoder, head"),
        ({"wings": 2}, "unknown settings of configuration: wings"),
        ({"task": 5}, "give a class and its arguments"),
    ],
)
def test_mistakes_in_the_file_are_named(write, tmp_path, capsys, changes, message):
    assert main(["train", str(write(**changes)), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 1
    assert message in capsys.readouterr().err


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="batch 15 cannot be divided among 2 processes"):
        World(rank=1, size=2).share(15)


def test_the_lifter_trains_through_the_same_command(tmp_path, capsys):
    pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")
    settings = {"network": "lifter", "width": 32, "blocks": 1, "steps": 3, "batch": 16, "poses": 20}
    (tmp_path / "lifter.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(settings | {"wings": 2}))
    assert main(["train", str(tmp_path / "wrong.yaml"), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 1
    assert "unknown settings wings" in capsys.readouterr().err
    with patch("hand_pose_ros.training.lifting.train_lifter.validate", return_value={"joint_error": 0.5}):
        assert main(["train", str(tmp_path / "lifter.yaml"), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 0
    assert json.loads((tmp_path / "out/figures.json").read_text()) == {"joint_error": 0.5}
    assert (tmp_path / "out/lifter.safetensors").exists()
