"""Trainings that begin from the weights of another one."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from toy_task import ToySource, ToyTask, toy_config, toy_task

from hand_pose_ros.training.trainer.trainer import train

ONE_STEP = {"steps": 1, "learning_rate": 1e-9, "average": 0.0}


class BegunTask(ToyTask):
    """Resets its head's bias when it begins from other weights."""

    def begun(self):
        self.network.head.bias.data.fill_(7.0)


def run(start, folder, task=None, **schedule):
    config = replace(toy_config(**(ONE_STEP | schedule)), start=start and str(start))
    train(task or toy_task(config), config, folder, source=ToySource(5))
    return {name: value.float() for name, value in load_file(folder / "toy.safetensors").items()}


@pytest.fixture
def other(tmp_path):
    """Another training's weights: one that fits, one of another shape, one that the network has not."""
    path = tmp_path / "other.safetensors"
    weight = torch.arange(256.0).reshape(32, 8)
    save_file({"encoder.0.weight": weight, "head.weight": torch.ones(5, 32), "wings": torch.ones(2)}, path)
    return path


def test_the_weights_that_fit_are_loaded_and_the_others_stay(other, tmp_path):
    fresh, begun = run(None, tmp_path / "fresh"), run(other, tmp_path / "begun")
    torch.testing.assert_close(begun["encoder.0.weight"], torch.arange(256.0).reshape(32, 8))
    for name in set(fresh) - {"encoder.0.weight"}:
        torch.testing.assert_close(begun[name], fresh[name])


def test_the_task_resets_what_is_not_its_own_but_for_other_weights_only(other, tmp_path):
    for start, same in ((other, True), (None, False)):
        task = BegunTask(toy_task(toy_config()).network)
        bias = run(start, tmp_path / str(same), task)["head.bias"]
        assert torch.equal(bias, torch.full((3,), 7.0)) == same


def test_a_continued_training_does_not_begin_again(other, tmp_path):
    config = replace(toy_config(steps=20), start=str(other))
    asked = iter(range(11))
    train(toy_task(config), config, tmp_path / "out", source=ToySource(5), stop=lambda: next(asked) == 10)
    before = torch.load(tmp_path / "out/checkpoint.pt", weights_only=True)["network"]
    other.unlink()
    train(toy_task(config), config, tmp_path / "out", source=ToySource(5), stop=lambda: True)
    after = torch.load(tmp_path / "out/checkpoint.pt", weights_only=True)["network"]
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not torch.equal(before["encoder.0.weight"], torch.arange(256.0).reshape(32, 8))


def test_a_checkpoint_from_before_there_was_a_start_continues(tmp_path):
    run(None, tmp_path)
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    del stored["config"]["start"]
    torch.save(stored, tmp_path / "checkpoint.pt")
    run(None, tmp_path)


def test_files_that_do_not_fit_are_refused_with_what_to_do(tmp_path):
    save_file({"wings": torch.ones(2)}, tmp_path / "bird.safetensors")
    (tmp_path / "text.safetensors").write_text("nonsense")
    wrong = {
        "nothing": (FileNotFoundError, "start: there is no file .*nothing.safetensors: give weights"),
        "bird": (ValueError, "bird.safetensors holds no tensor of ToyNetwork: give weights"),
        "text": (ValueError, "text.safetensors cannot be read .*: give the .safetensors"),
    }
    for name, (kind, message) in wrong.items():
        with pytest.raises(kind, match=message):
            run(tmp_path / f"{name}.safetensors", tmp_path / name)
