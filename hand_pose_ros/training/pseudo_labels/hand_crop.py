"""The stored crop of a labelled hand: palm pointing up, filling as much as the rendered ones, nearly in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.crop import crop_to_image, invert, rotation, sample, square_box, transform
from hand_pose_ros.detector import upright_angle
from hand_pose_ros.hand import MIDDLE_MCP, WRIST, OrientedBox
from hand_pose_ros.region import bounding_box
from hand_pose_ros.training.pseudo_labels.teacher import LabelledHand

FILLS, ROLL_DEG, SHIFT = (0.42, 0.70), 15.0, 0.03
"""Share of the crop that the keypoints' box fills, deviation of the roll, deviation of the place: as the stores of
rendered crops, but calmer, for what lies beyond a photograph's edge is not known."""


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
    box = random_box(hand.seen.keypoints_px, generator)
    affine = crop_to_image(box)
    inverse = invert(affine)
    centres = np.full((21, 2), np.nan) if hand.centres_px is None else transform(inverse, hand.centres_px)
    joints = hand.joints.copy()
    joints[:, :2] = joints[:, :2] @ rotation(box.angle_rad)
    return HandCrop(shrunk_sample(image, box, size), transform(inverse, hand.seen.keypoints_px), centres, joints, box)


def random_box(keypoints_px: np.ndarray, generator: np.random.Generator) -> OrientedBox:
    """A square around keypoints (21, 2), the axis from wrist to middle MCP pointing up but for ``ROLL_DEG``."""
    angle = upright_angle(keypoints_px[WRIST], keypoints_px[MIDDLE_MCP]) + np.radians(generator.normal(0, ROLL_DEG))
    around = bounding_box(keypoints_px, angle)
    side = max(around.size_px) / generator.uniform(*FILLS)
    shift = rotation(angle) @ generator.normal(0, SHIFT * side, 2)
    return square_box(np.asarray(around.centre_px) + shift, side, angle)


def shrunk_sample(image: np.ndarray, box: OrientedBox, size: int) -> np.ndarray:
    """(size, size, 3) crop; large boxes are read at a multiple of the size and averaged, so that nothing aliases."""
    times = max(round(box.size_px[0] / size), 1)
    pixels = sample(image, crop_to_image(box), size * times)
    return pixels.reshape(size, times, size, times, 3).mean(axis=(1, 3)).round().astype(np.uint8)
