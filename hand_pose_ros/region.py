"""Boxes from keypoints: the crop in which the next frame's hand is looked for, the box that is reported, overlaps."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.crop import moved, rotation, square_box
from hand_pose_ros.detector import upright_angle
from hand_pose_ros.hand import INDEX_MCP, MIDDLE_MCP, WRIST, OrientedBox

RING_MCP = 13
REPORTED_MARGIN = 1.15
"""A reported box is this much larger than the keypoints' extent: joints lie inside the hand, its outline does not."""


def bounding_box(points_px: np.ndarray, angle_rad: float) -> OrientedBox:
    """The smallest box of the given angle around points (N, 2); at least one pixel wide and high."""
    turn = rotation(angle_rad)
    local = points_px @ turn
    low, high = local.min(axis=0), local.max(axis=0)
    centre, size = turn @ ((low + high) / 2), np.maximum(high - low, 1.0)
    return OrientedBox((float(centre[0]), float(centre[1])), (float(size[0]), float(size[1])), angle_rad)


def pose_crop(keypoints_px: np.ndarray, card: dict) -> OrientedBox:
    """The square crop for the pose network around a hand whose keypoints (21, 2) are known.

    ``card`` is ``roi`` of the pose part of the model card: ``keypoints`` that span the box; its up as ``axis``, the
    means of the keypoints ``from`` and ``to``, without which the box stays along the image's axes; ``shift`` along the
    box's own right and down in sizes of the unscaled box; ``scale`` of its longer side.
    """
    angle = 0.0
    if axis := card.get("axis"):
        angle = upright_angle(*(keypoints_px[axis[end]].mean(axis=0) for end in ("from", "to")))
    box = moved(bounding_box(keypoints_px[card["keypoints"]], angle), *card["shift"])
    return square_box(box.centre_px, card["scale"] * max(box.size_px), box.angle_rad)


def hand_box(keypoints_px: np.ndarray) -> OrientedBox:
    """The oriented box around all keypoints (21, 2), with a margin, that is reported with a hand."""
    knuckles = keypoints_px[[INDEX_MCP, MIDDLE_MCP, RING_MCP]].mean(axis=0)
    box = bounding_box(keypoints_px, upright_angle(keypoints_px[WRIST], knuckles))
    size = box.size_px[0] * REPORTED_MARGIN, box.size_px[1] * REPORTED_MARGIN
    return OrientedBox(box.centre_px, size, box.angle_rad)


def box_overlap(first: OrientedBox, second: OrientedBox) -> float:
    """Intersection over union of two boxes, their rotation ignored: for square crops a fair and cheap measure."""
    centre, other = np.asarray(first.centre_px), np.asarray(second.centre_px)
    size, other_size = np.asarray(first.size_px), np.asarray(second.size_px)
    low, high = (
        np.maximum(centre - size / 2, other - other_size / 2),
        np.minimum(centre + size / 2, other + other_size / 2),
    )
    common = np.clip(high - low, 0, None).prod()
    return float(common / (size.prod() + other_size.prod() - common))


def hand_distance(first_px: np.ndarray, second_px: np.ndarray) -> float:
    """Mean distance of two hands' keypoints (21, 2) in units of the larger hand's extent: 0 for the same hand."""
    extent = max(np.ptp(first_px, axis=0).max(), np.ptp(second_px, axis=0).max(), 1.0)
    return float(np.linalg.norm(first_px - second_px, axis=1).mean() / extent)
