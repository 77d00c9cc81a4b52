"""The stored crop of a labelled hand: palm pointing up, filling as much as the rendered ones, nearly in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.crop import crop_to_image, invert, rotation, transform
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.training.pseudo_labels.teacher import LabelledHand
from hand_pose_ros.training.sources.sample_crop import Framing, shrunk_sample

FRAMING = Framing()
"""As the stores of rendered crops, but calmer: what lies beyond a photograph's edge is not known."""


@dataclass(frozen=True)
class HandCrop:
    """One crop with its labels."""

    image: np.ndarray
    """(S, S, 3) uint8 RGB."""
    keypoints: np.ndarray
    """(21, 2) fractions of the crop."""
    centres: np.ndarray
    """(21, 2) fractions: where the lifter sees the joints' centres, NaN where it does not say."""
    joints: np.ndarray
    """(21, 3) normalised, the crop's axes."""
    box: OrientedBox


def hand_crop(image: np.ndarray, hand: LabelledHand, size: int, generator: np.random.Generator) -> HandCrop:
    """The crop of ``size`` px of a hand in ``image`` (H, W, 3)."""
    box = FRAMING.box(hand.seen.keypoints_px, generator)
    affine = crop_to_image(box)
    inverse = invert(affine)
    centres = np.full((21, 2), np.nan) if hand.centres_px is None else transform(inverse, hand.centres_px)
    joints = hand.joints.copy()
    joints[:, :2] = joints[:, :2] @ rotation(box.angle_rad)
    return HandCrop(shrunk_sample(image, box, size), transform(inverse, hand.seen.keypoints_px), centres, joints, box)
