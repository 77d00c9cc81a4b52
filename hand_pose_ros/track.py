"""One hand followed by one camera: its number, its last pose, and the vote on its side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.hand import DETECTED, LEFT, RIGHT, HandPose

HANDEDNESS_MARGIN = 0.2
"""The vote changes sides only when it is this far beyond 0.5: a hand seen edge-on must not flicker."""


class Track:
    """One hand followed by one camera; ``hand`` is its last pose, as the network gave it."""

    def __init__(self, number: int, hand: HandPose, stamp_s: float):
        self.number, self.status = number, DETECTED
        self.hand, self.stamp_s = hand, stamp_s
        self._right_mean, self._voted_s = right_probability(hand), 0.0
        self.handedness = hand.handedness

    def see(self, hand: HandPose, stamp_s: float, status: str, memory_s: float) -> None:
        """Take over a new observation of the same hand."""
        self._right_mean += self._vote_gain(stamp_s - self.stamp_s, memory_s) * (
            right_probability(hand) - self._right_mean
        )
        margin = HANDEDNESS_MARGIN if memory_s > 0.0 else 0.0
        if abs(self._right_mean - 0.5) >= margin:
            self.handedness = RIGHT if self._right_mean >= 0.5 else LEFT
        self.hand, self.stamp_s, self.status = hand, stamp_s, status

    def _vote_gain(self, elapsed_s: float, memory_s: float) -> float:
        """Weight of a new vote: that of a plain mean until the memory is full, exponential forgetting from then on."""
        if elapsed_s <= 0.0 or memory_s <= 0.0:
            return float(memory_s <= 0.0)
        self._voted_s = (self._voted_s or elapsed_s) + elapsed_s
        return min(elapsed_s / min(self._voted_s, memory_s), 1.0)

    def pose(self) -> HandPose:
        """The last pose with this track's id and voted handedness."""
        mean = self._right_mean if self.handedness == RIGHT else 1.0 - self._right_mean
        score = float(np.clip(mean, 0.5, 1.0))
        return replace(
            self.hand, id=self.number, status=self.status, handedness=self.handedness, handedness_score=score
        )


def right_probability(hand: HandPose) -> float:
    """Probability that this observation is a right hand."""
    return hand.handedness_score if hand.handedness == RIGHT else 1.0 - hand.handedness_score
