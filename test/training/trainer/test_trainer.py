"""The loop on a toy: it learns, continues exactly where it stopped, keeps its time, and refuses what cannot be."""

from itertools import count
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from toy_task import ToySource, toy_config, toy_task

from hand_pose_ros.training.trainer.report import Report
from hand_pose_ros.training.trainer.trainer import train


class Notes(Report):
    """Keeps what it is told."""

    def __init__(self):
        self.moments, self.validations = [], []

    def moment(self, moment):
        self.moments.append(moment)

    def figures(self, step, figures, pictures):
        self.validations.append((step, figures, pictures))


def run(config, folder, **changes):
    held_back = [ToySource(99).batch(64)]
    return train(toy_task(config), config, folder, source=ToySource(5), held_back=held_back, **changes)


def stop_after(steps):
    """A stop that says yes when asked for the ``steps + 1``-th time."""
    asked = iter(range(steps + 1))
    return lambda: next(asked) == steps


def weights(folder, name="toy"):
    return load_file(folder / f"{name}.safetensors")


def test_a_training_learns_and_leaves_weights_curves_and_pictures(tmp_path):
    notes = Notes()
    figures = run(toy_config(steps=200), tmp_path, report=notes)
    first = notes.validations[0][1]["error"]
    assert figures["error"] < 0.2 * first
    assert notes.validations[0][2]["answers"].shape == (8, 8, 3)
    assert [moment.step for moment in notes.moments[:3]] == [1, 20, 40]
    assert 0.0 <= notes.moments[-1].waiting <= 1.0
    assert notes.moments[-1].examples_per_s > 0.0
    assert {item.dtype for item in weights(tmp_path).values()} == {torch.float16}
    assert (tmp_path / "toy_best.safetensors").exists()


@pytest.mark.parametrize("network", [{}, {"dropout": 0.3, "norm": True}])
def test_interrupted_and_continued_equals_uninterrupted(tmp_path, network):
    config = toy_config(network)
    whole = run(config, tmp_path / "whole")
    run(config, tmp_path / "parts", stop=stop_after(27))
    assert not (tmp_path / "parts/toy.safetensors").exists()
    parts = run(config, tmp_path / "parts")
    assert parts["error"] == pytest.approx(whole["error"], rel=1e-6)
    for name, value in weights(tmp_path / "whole").items():
        torch.testing.assert_close(weights(tmp_path / "parts")[name], value, rtol=0, atol=0)


def test_a_finished_training_is_not_trained_again(tmp_path):
    config, notes = toy_config(steps=60, validate_every=20), Notes()
    first = run(config, tmp_path, report=notes)
    assert [step for step, *_ in notes.validations] == [20, 40, 60]
    before = (tmp_path / "toy.safetensors").read_bytes()
    notes = Notes()
    again = run(config, tmp_path, report=notes)
    assert (notes.moments, notes.validations) == ([], [])
    assert again == first
    assert (tmp_path / "toy.safetensors").read_bytes() == before


def test_another_configuration_in_the_folder_is_refused_with_what_to_do(tmp_path):
    run(toy_config(), tmp_path)
    with pytest.raises(ValueError, match=r"schedule\.batch: 16, now 8.*another folder"):
        run(toy_config(batch=8), tmp_path)


def test_a_broken_checkpoint_is_refused_by_name(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"checkpoint\.pt cannot be read.*remove it"):
        run(toy_config(), tmp_path)


def test_minutes_end_the_schedule_on_time_and_the_rate_follows(tmp_path, monkeypatch):
    clock = count(step=0.01)  # a hundredth of a second passes whenever somebody looks
    monkeypatch.setattr("hand_pose_ros.training.trainer.run.time", SimpleNamespace(monotonic=lambda: next(clock)))
    notes = Notes()
    run(toy_config(steps=10**7, minutes=0.02, validate_every=0), tmp_path, report=notes)
    steps = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["state"]["step"]
    assert 105 <= steps <= 120
    rates = [moment.learning_rate for moment in notes.moments]
    assert rates[-1] < 0.1 * max(rates)
    assert notes.moments[-1].left_s < 0.25


def test_time_of_an_interrupted_training_counts(tmp_path, monkeypatch):
    clock = count(step=0.01)
    monkeypatch.setattr("hand_pose_ros.training.trainer.run.time", SimpleNamespace(monotonic=lambda: next(clock)))
    config = toy_config(steps=10**7, minutes=0.02, validate_every=0)
    run(config, tmp_path, stop=stop_after(50))
    run(config, tmp_path)
    assert 100 <= torch.load(tmp_path / "checkpoint.pt", weights_only=True)["state"]["step"] <= 120


def test_parts_learn_in_their_phases_alone(tmp_path):
    phases = [
        {"name": "head", "share": 1, "learn": "head"},
        {"name": "all", "share": 1, "rates": {"encoder": 0.0}, "learning_rate": 0.1, "decay": "constant"},
    ]
    config = toy_config({"norm": True}, phases=phases, average=0.0, weight_decay=0.0, validate_every=0)
    start = toy_task(config).network.state_dict()
    notes = Notes()
    run(config, tmp_path, report=notes, stop=stop_after(29))
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"]
    changed = {name for name, value in stored.items() if not torch.equal(value, start[name])}
    assert changed == {"head.weight", "head.bias"}  # nor do the encoder's batch statistics move
    run(config, tmp_path, report=notes)
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"]
    assert torch.equal(stored["encoder.0.weight"], start["encoder.0.weight"])  # its factor is 0
    assert not torch.equal(stored["encoder.1.running_mean"], start["encoder.1.running_mean"])
    assert notes.moments[-1].phase == "all"
    assert notes.moments[-1].learning_rate == pytest.approx(0.1)


def test_a_loss_that_is_no_number_stops_the_training(tmp_path):
    class Nothing(ToySource):
        def batch(self, count):
            batch = super().batch(count)
            batch.targets[:] = float("nan")
            return batch

    config = toy_config()
    with pytest.raises(FloatingPointError, match=r"step 1: loss nan.*learning rate"):
        train(toy_task(config), config, tmp_path, source=Nothing(0))
    assert not (tmp_path / "checkpoint.pt").exists()


def test_what_a_source_raises_reaches_the_caller(tmp_path):
    class Broken:
        def batch(self, count):
            raise OSError("shard_00003 cannot be read")

    config = toy_config()
    with pytest.raises(OSError, match="shard_00003"):
        train(toy_task(config), config, tmp_path, source=Broken())
