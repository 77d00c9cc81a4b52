"""What ``hand_pose_ros evaluate`` can measure: how a system's name says what is run."""

from dataclasses import dataclass

import pytest

from hand_pose_ros.training.evaluation import system


@dataclass(frozen=True)
class Model:
    name: str
    lifter: object = "lifter"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(system, "load_model", lambda name, device: Model(name))
    monkeypatch.setattr(system, "HandEstimator", lambda model, settings: (model, settings))
    monkeypatch.setattr(system, "predict_samples", lambda estimator, samples, progress: estimator)
    return lambda name: system.predictions_of(
        name, [], device="cpu", min_score=0.25, max_hands=3, progress=lambda _: None
    )


@pytest.mark.parametrize(("name", "lifter"), [("hand_pose_s", "lifter"), ("hand_pose_s:unlifted", None)])
def test_a_model_is_run_with_or_without_its_lifter(run, name, lifter):
    model, settings = run(name)
    assert (model.name, model.lifter) == ("hand_pose_s", lifter)
    assert (settings.min_score, settings.min_presence, settings.max_hands) == (0.25, 0.25, 3)


def test_the_package_without_a_python_is_refused(run):
    with pytest.raises(ValueError, match="name a Python that has mediapipe"):
        run("mediapipe_package")
