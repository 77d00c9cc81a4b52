"""The same hand shown to the teacher several times: turned, larger, smaller, mirrored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.estimator import HandEstimator
from hand_pose_ros.hand import HandPose, OrientedBox, opposite
from hand_pose_ros.mirroring import mirrored_hand, mirrored_image

TURNS_DEG = (0.0, 25.0, -25.0, 0.0, 0.0)
SCALES = (1.0, 1.0, 1.0, 0.85, 1.15)
LOOKS = len(TURNS_DEG) + 1  # one more in the mirror


def look(estimator: HandEstimator, image: np.ndarray, box: OrientedBox) -> list[HandPose | None]:
    """What the teacher says about ``box`` of ``image`` (H, W, 3) in ``LOOKS`` crops, in the image's pixels and axes;
    None where it sees no hand. The last look is at the mirrored image."""
    boxes = [
        replace(
            box, size_px=(box.size_px[0] * scale, box.size_px[1] * scale), angle_rad=box.angle_rad + np.radians(turn)
        )
        for turn, scale in zip(TURNS_DEG, SCALES, strict=True)
    ]
    flipped = replace(
        box, centre_px=(image.shape[1] - 1 - box.centre_px[0], box.centre_px[1]), angle_rad=-box.angle_rad
    )
    straight, [mirrored] = estimator.observe([image, mirrored_image(image)], [boxes, [flipped]], [None, None])
    return [*straight, None if mirrored is None else _back(mirrored, image.shape[1])]


def _back(hand: HandPose, width: int) -> HandPose:
    """A hand of the mirrored image as the one it is: the other side, its joints reflected."""
    back = mirrored_hand(hand, width)
    joints = hand.normalized_joints * (-1.0, 1.0, 1.0)
    return replace(back, handedness=opposite(hand.handedness), normalized_joints=joints)
