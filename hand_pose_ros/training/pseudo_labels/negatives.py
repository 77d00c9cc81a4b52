"""Crops of photographs in which no hand is: away from every place the teacher looked at, and the teacher sees none."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.crop import square_box
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.training.pseudo_labels.teacher import Finding, Teacher
from hand_pose_ros.training.sources.sample_crop import shrunk_sample

TRIES, SIDES = 12, (0.2, 0.6)
"""Places tried per photograph; side of the crop over the photograph's longer side, log-uniform."""
HIGHEST_PRESENCE = 0.05


def negative_crop(finding: Finding, teacher: Teacher, size: int, generator: np.random.Generator) -> np.ndarray | None:
    """A crop (size, size, 3) without a hand, None where the photograph has no room for one."""
    height, width = finding.image.shape[:2]
    for _ in range(TRIES):
        box = _random_box(width, height, generator)
        if _clear(box, finding) and teacher.presence(finding.image, [box])[0] < HIGHEST_PRESENCE:
            return shrunk_sample(finding.image, box, size)
    return None


def _random_box(width: int, height: int, generator: np.random.Generator) -> OrientedBox:
    """A square of any angle whose corners may leave the image by a fifth of its side."""
    side = np.exp(generator.uniform(*np.log(SIDES))) * max(width, height)
    room = 0.5 * side
    centre = [
        generator.uniform(min(room, 0.5 * length), max(length - room, 0.5 * length)) for length in (width, height)
    ]
    return square_box(centre, side, generator.uniform(-np.pi, np.pi))


def _clear(box: OrientedBox, finding: Finding) -> bool:
    """No place where a hand may be within reach, and no keypoint of a labelled hand inside or nearby."""
    radius, centre = 0.71 * box.size_px[0], np.asarray(box.centre_px)
    for place in finding.places:
        if np.linalg.norm(centre - place.centre_px) < radius + 0.45 * max(place.size_px):
            return False
    points = [hand.seen.keypoints_px for hand in finding.hands]
    reach = radius + max((0.2 * hand.seen.extent_px for hand in finding.hands), default=0.0)
    return not points or np.linalg.norm(np.concatenate(points) - centre, axis=1).min() > reach
