"""The systems that can be evaluated: our models with or without lifter, predictions, the MediaPipe package."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.training.evaluation.prediction import PredictedHand, predict_samples, read_predictions
from hand_pose_ros.training.sample import Sample

MEDIAPIPE = "mediapipe_package"
UNLIFTED = ":unlifted"
WORKER = Path(__file__).with_name("mediapipe_worker.py")


def predictions_of(
    system: str, samples: Sequence[Sample], *, device: str, min_score: float, max_hands: int, progress: Callable
) -> list[list[PredictedHand]]:
    """Predict with ``system``: a model's NAME or NAME:unlifted, a ``.jsonl`` file, or ``mediapipe_package=PYTHON``."""
    if system.startswith(MEDIAPIPE):
        return _mediapipe_package(system.partition("=")[2], samples, min_score, max_hands)
    if system.endswith(".jsonl"):
        return read_predictions(system, samples)
    settings = EstimatorSettings(min_score=min_score, min_presence=min_score, max_hands=max_hands)
    model = load_model(system.removesuffix(UNLIFTED), device)
    model = replace(model, lifter=None) if system.endswith(UNLIFTED) else model
    return predict_samples(HandEstimator(model, settings), samples, progress)


def _mediapipe_package(python: str, samples: Sequence[Sample], min_score: float, max_hands: int):
    if not python:
        raise ValueError(f"{MEDIAPIPE}: name a Python that has mediapipe 0.10.21, as in {MEDIAPIPE}=/venv/bin/python")
    with tempfile.TemporaryDirectory() as folder:
        images, output = Path(folder, "images.json"), Path(folder, "hands.jsonl")
        images.write_text(json.dumps([_entry(sample) for sample in samples]))
        options = ["--score", str(min_score), "--max-hands", str(max_hands)]
        command = [python, str(WORKER), str(images), str(output), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-800:]}")
        return read_predictions(output, samples)


def _entry(sample: Sample) -> dict:
    intrinsics = [float(value) for value in sample.camera.intrinsics] if sample.camera else None
    return {"image": str(sample.image_path), "K": intrinsics}
