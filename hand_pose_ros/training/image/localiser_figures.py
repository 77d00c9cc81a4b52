"""How well hands are localised: recall, false positives, precision over recall, crops, directions and sides.

A detection belongs to a hand when their pose crops overlap by at least half (rotation ignored, ``region.box_overlap``);
best scores choose first. What is found at a doubtful hand counts neither way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hand_pose_ros.detector import Detection
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.region import box_overlap

OVERLAP, DOUBT_OVERLAP = 0.5, 0.1
STRICT = 1 / 200
"""Share of the images without hands that may have a false positive."""


@dataclass(frozen=True)
class TrueHand:
    """A hand that should be found; ``sure`` False: one that may be."""

    crop: OrientedBox
    right: float
    """Probability that it is a right hand; NaN unknown."""
    sure: bool = True


@dataclass
class DetectionFigures:
    """Gathers images one by one; ``figures`` at any time."""

    hands: int = 0
    scores: list[float] = field(default_factory=list)
    """Of all detections that count."""
    hits: list[bool] = field(default_factory=list)
    """Whether each of them is a hand."""
    empty: list[float] = field(default_factory=list)
    """Best score of each image without hands, 0 where nothing is said."""
    overlap: list[float] = field(default_factory=list)
    turn_deg: list[float] = field(default_factory=list)
    side_right: list[tuple[float, bool]] = field(default_factory=list)
    """(score, named rightly) of each found hand whose side is known."""

    def add(self, detections: Sequence[Detection], hands: Sequence[TrueHand]):
        """One image: what was detected, down to low scores, and what is there."""
        sure, left = [hand for hand in hands if hand.sure], [hand for hand in hands if not hand.sure]
        self.hands += len(sure)
        if not hands:
            self.empty.append(max((found.score for found in detections), default=0.0))
        for found in sorted(detections, key=lambda found: -found.score):
            overlaps = [box_overlap(found.box, hand.crop) for hand in sure]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best >= 0 and overlaps[best] >= OVERLAP:
                self._hit(found, sure.pop(best), overlaps[best])
            elif not any(box_overlap(found.box, hand.crop) > DOUBT_OVERLAP for hand in left):
                self.scores.append(found.score)
                self.hits.append(False)

    def _hit(self, found: Detection, hand: TrueHand, overlap: float):
        self.scores.append(found.score)
        self.hits.append(True)
        self.overlap.append(overlap)
        turn = np.degrees(found.box.angle_rad - hand.crop.angle_rad)
        self.turn_deg.append(abs((turn + 180) % 360 - 180))
        if found.right_probability is not None and np.isfinite(hand.right):
            self.side_right.append((found.score, (found.right_probability >= 0.5) == (hand.right >= 0.5)))

    def figures(self, threshold: float = 0.5) -> dict[str, float]:
        """At ``threshold``, and over all of them: average precision, and recall where one image in 200 without hands
        has a false positive. NaN where nothing of the kind was seen."""
        scores, hits, empty = np.array(self.scores), np.array(self.hits, bool), np.array(self.empty)
        said, sides = scores >= threshold, [good for score, good in self.side_right if score >= threshold]
        strict = threshold_for(self.empty, STRICT)
        return {
            "recall": _share((said & hits).sum(), self.hands),
            "precision": _share((said & hits).sum(), said.sum()),
            "average_precision": average_precision(scores, hits, self.hands),
            "false_positive_images": float((empty >= threshold).mean()) if len(empty) else float("nan"),
            "empty_images": float(len(empty)),
            "threshold_1_in_200": strict,
            "recall_1_in_200": self.recall_above(strict),
            "crop_overlap": _median(self.overlap),
            "turn_deg": _median(self.turn_deg),
            "turn_within_25_deg": float(np.mean(np.array(self.turn_deg) < 25)) if self.turn_deg else float("nan"),
            "side": float(np.mean(sides)) if sides else float("nan"),
        }

    def recall_above(self, threshold: float) -> float:
        """Share of the hands that are found with a higher score; NaN without hands or threshold."""
        found = (np.array(self.hits, bool) & (np.array(self.scores) > threshold)).sum()
        return _share(found, self.hands) if np.isfinite(threshold) else float("nan")


def threshold_for(empty: Sequence[float], share: float) -> float:
    """The lowest score that at most ``share`` of images exceed, from the best score of each; NaN without images."""
    if not len(empty):
        return float("nan")
    return float(np.sort(empty)[::-1][int(np.floor(share * len(empty)))])


def pooled(parts: Mapping[str, DetectionFigures], threshold: float = 0.5) -> dict:
    """The images without hands of all ``parts`` together, as in ``figures``, and the recall of each part at their
    threshold of one in 200, by name. NaN where nothing of the kind was seen."""
    empty = np.array([score for part in parts.values() for score in part.empty])
    strict = threshold_for(empty, STRICT)
    return {
        "empty_images": float(len(empty)),
        "false_positive_images": float((empty >= threshold).mean()) if len(empty) else float("nan"),
        "threshold_1_in_200": strict,
        "recall_1_in_200": {name: part.recall_above(strict) for name, part in parts.items()},
    }


def average_precision(scores: np.ndarray, hits: np.ndarray, hands: int) -> float:
    """Area under precision over recall, precision made monotonous (Everingham et al. 2010, since 2010)."""
    if not hands:
        return float("nan")
    hits = hits[np.argsort(-scores, kind="stable")]
    recall = np.cumsum(hits) / hands
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _share(part, whole) -> float:
    return float(part / whole) if whole else float("nan")


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")
