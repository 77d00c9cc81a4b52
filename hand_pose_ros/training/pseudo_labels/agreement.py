"""Whether the looks at one hand agree, what they agree on, and how much each keypoint is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import RIGHT, HandPose
from hand_pose_ros.settings import check, setting


@dataclass(frozen=True)
class AgreementSettings:
    """When a hand is taken. Distances in extents: the longer side of the upright box around the keypoints."""

    presence: float = setting(0.6, "Lowest median presence of the looks.", minimum=0.0, maximum=1.0)
    blind: int = setting(1, "Most looks that may see no hand.", minimum=0, maximum=5)
    other_side: int = setting(1, "Most looks that may say the other side.", minimum=0, maximum=5)
    spread: float = setting(0.05, "Largest mean deviation of the keypoints, extents.", minimum=0.0, maximum=1.0)
    trusted: float = setting(0.03, "Deviation at which a keypoint weighs 1/e, extents.", minimum=0.001, maximum=1.0)
    smallest_px: float = setting(40.0, "Smallest extent, pixels of the photograph.", minimum=1.0, maximum=1000.0)

    def __post_init__(self):
        check(self)


@dataclass(frozen=True)
class AgreedHand:
    """A pseudo-labelled hand."""

    keypoints_px: np.ndarray
    """(21, 2) pixels of the photograph, median of the looks."""
    confidence: np.ndarray
    """(21,) 0 to 1: exp(-(deviation / trusted)^2) of the looks' keypoints."""
    joints: np.ndarray
    """(21, 3) normalised, image axes, mean of the looks."""
    right: bool
    presence: float
    spread: float
    """Mean deviation over the keypoints, extents."""

    @property
    def extent_px(self) -> float:
        """Longer side of the upright box around the keypoints."""
        return extent(self.keypoints_px)


class DisagreementError(Exception):
    """Why a hand is not taken: ``blind``, ``presence``, ``side``, ``spread`` or ``small``."""


def agree(looks: Sequence[HandPose | None], settings: AgreementSettings) -> AgreedHand:
    """The hand on which ``looks`` agree. Raises DisagreementError with the reason otherwise."""
    seen = [hand for hand in looks if hand is not None]
    if len(looks) - len(seen) > settings.blind or not seen:
        raise DisagreementError("blind")
    presence = float(np.median([hand.score for hand in seen]))
    if presence < settings.presence:
        raise DisagreementError("presence")
    rights = sum(hand.handedness == RIGHT for hand in seen)
    if min(rights, len(seen) - rights) > settings.other_side:
        raise DisagreementError("side")
    right = 2 * rights > len(seen)
    keypoints, deviation = centre_and_deviation(np.stack([hand.keypoints_px for hand in seen]))
    if extent(keypoints) < settings.smallest_px:
        raise DisagreementError("small")
    deviation = deviation / extent(keypoints)
    if deviation.mean() > settings.spread:
        raise DisagreementError("spread")
    joints = np.mean([h.normalized_joints for h in seen if (h.handedness == RIGHT) == right], axis=0)
    confidence = np.exp(-((deviation / settings.trusted) ** 2))
    return AgreedHand(keypoints, confidence, joints, right, presence, float(deviation.mean()))


def centre_and_deviation(keypoints_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median (21, 2) of keypoints (L, 21, 2) and the root mean square distance (21,) from it, all in pixels."""
    centre = np.median(keypoints_px, axis=0)
    return centre, np.sqrt(((keypoints_px - centre) ** 2).sum(axis=2).mean(axis=0))


def extent(keypoints_px: np.ndarray) -> float:
    """Longer side of the upright box around keypoints (21, 2), pixels."""
    return float(np.ptp(keypoints_px, axis=0).max())
