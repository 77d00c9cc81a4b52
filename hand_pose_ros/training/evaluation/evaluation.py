"""``evaluate``: one system on one list of samples, from predictions to every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.evaluation.hand_errors import HandErrors, measure
from hand_pose_ros.training.evaluation.matching import match
from hand_pose_ros.training.evaluation.prediction import PredictedHand
from hand_pose_ros.training.evaluation.presence import presence_figures, truth_and_score
from hand_pose_ros.training.evaluation.summary import by_joint, summarise
from hand_pose_ros.training.sample import Sample


@dataclass(frozen=True)
class Evaluation:
    """What one system did on the samples."""

    system: str
    errors: list[HandErrors]
    presence: dict[str, float]
    predictions: list[list[PredictedHand]]
    truth: np.ndarray
    """Per image whether it shows a labelled hand."""
    score: np.ndarray
    """Per image the score of its best predicted hand."""

    def sources(self) -> list[str]:
        """Names of the parts of the data, in order of first appearance."""
        return list(dict.fromkeys(error.source for error in self.errors))

    def of_source(self, source: str) -> list[HandErrors]:
        """The errors of one part of the data."""
        return [error for error in self.errors if error.source == source]

    def as_dict(self, resamples: int = 500) -> dict:
        """All figures, for JSON: over all hands, per source, per joint, presence."""
        return {
            "system": self.system,
            "hands": len(self.errors),
            "all": summarise(self.errors, resamples),
            "sources": {
                name: {"hands": len(self.of_source(name))} | summarise(self.of_source(name), resamples)
                for name in self.sources()
            },
            "joints": by_joint(self.errors),
            "presence": self.presence,
        }


def evaluate(system: str, samples: Sequence[Sample], predictions: Sequence[list[PredictedHand]]) -> Evaluation:
    """Match predictions with labels and measure every hand."""
    errors, matched = [], []
    for sample, hands in zip(samples, predictions, strict=True):
        pairs = match(sample.hands, hands)
        matched.append(sum(index is not None for index in pairs))
        for label, index in zip(sample.hands, pairs, strict=True):
            hand = None if index is None else hands[index]
            errors.append(measure(label, hand, sample.source, sample.image_path.name))
    presence = presence_figures(samples, predictions, matched)
    return Evaluation(system, errors, presence, list(predictions), *truth_and_score(samples, predictions))
