"""Further looks at the hands of a single image: what a video gets from its next frames.

A localiser's crop is rough. The crop made from the first pose is what tracking would use in the next frame, and the
pose network sees better in it. Its answers about a hand and about the hand's mirror image differ by its own noise,
half of which the mean is without; and a mirrored photograph gives the mirrored hand. A network that sees right hands
only is shown the hand both ways, and says its side from both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT, HandPose, OrientedBox, opposite
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.mirroring import mirrored_camera, mirrored_hand
from hand_pose_ros.region import hand_box
from hand_pose_ros.settings import check, setting


@dataclass(frozen=True)
class StillSettings:
    """How carefully an image by itself is looked at. A video is not: its next frame is the next look."""

    refinements: int = setting(1, "More looks at each hand, each in the crop of the pose before.", minimum=0, maximum=3)
    mirrored: bool = setting(True, "Look at the mirror image too, for hands and at every hand, and take the mean.")

    def __post_init__(self):
        check(self)


def looked_at(estimator, views: list, boxes: list, camera: CameraModel | None, sides: list, settings) -> list:
    """``HandPose`` or None per box: ``estimator.observe`` as often as ``settings`` (``StillSettings``) ask for.

    ``views``: the image, and its mirror image if ``settings.mirrored``, both as ``estimator.load`` gives them.
    """
    hands = [None] * len(boxes)
    for _ in range((settings.refinements + 1) if boxes else 0):
        if settings.mirrored and estimator.one_sided:
            seen = _both_ways(estimator, views[0], boxes, camera)
        elif settings.mirrored:
            seen = _both(estimator, views, boxes, camera, sides)
        else:
            [seen] = estimator.observe(views[:1], [boxes], [camera], [sides])
        hands = [new or old for new, old in zip(seen, hands, strict=True)]
        pairs = list(zip(hands, boxes, strict=True))
        boxes = [estimator.pose_crop(hand.keypoints_px) if hand else box for hand, box in pairs]
        sides = [hand.handedness if hand else side for hand, side in zip(hands, sides, strict=True)]
    return hands


def _both(estimator, views, boxes, camera, sides) -> list:
    """The mean of looks at the image and at its mirror image, in one batch."""
    width = estimator.width(views[0])
    cameras = [camera, camera and mirrored_camera(camera)]
    flipped = [_mirrored_box(box, width) for box in boxes]
    other_sides = [side and opposite(side) for side in sides]
    first, second = estimator.observe(views, [boxes, flipped], cameras, [sides, other_sides])
    second = [hand and _back(hand, width) for hand in second]
    return [agreed(a, b) if a and b else a or b for a, b in zip(first, second, strict=True)]


def _both_ways(estimator, loaded, boxes, camera) -> list:
    """For networks that see right hands, to which a hand and its mirror image are the same crop: every crop as that of
    a right hand and as that of a left one. The side is what both say together, the pose the one of that side's crop."""
    shown = [[side] * len(boxes) for side in (RIGHT, LEFT)]
    as_right, as_left = estimator.observe([loaded] * 2, [boxes] * 2, [camera] * 2, shown)
    return [_sided(a, b) if a and b else a or b for a, b in zip(as_right, as_left, strict=True)]


def _sided(as_right: HandPose, as_left: HandPose) -> HandPose:
    right = 0.5 * (_right(as_right) + _right(as_left))
    pose, side = (as_right, RIGHT) if right >= 0.5 else (as_left, LEFT)
    return replace(pose, handedness=side, handedness_score=max(right, 1.0 - right))


def _mirrored_box(box: OrientedBox, width: int) -> OrientedBox:
    x, y = box.centre_px
    return OrientedBox((width - 1 - x, y), box.size_px, -box.angle_rad)


def _back(hand: HandPose, width: int) -> HandPose:
    """A hand of the mirror image as a hand of the image: the other side, joints mirrored."""
    joints = hand.normalized_joints * (-1.0, 1.0, 1.0)
    return replace(mirrored_hand(hand, width), handedness=opposite(hand.handedness), normalized_joints=joints)


def agreed(first: HandPose, second: HandPose) -> HandPose:
    """The mean of two looks at one hand; what they differ by widens its deviations."""
    keypoints = 0.5 * (first.keypoints_px + second.keypoints_px)
    apart = first.keypoints_px - second.keypoints_px
    half = np.sqrt((apart**2).mean(axis=1)) / 2.0
    extent = max(float(np.ptp(keypoints, axis=0).max()), 1.0)
    right = 0.5 * (_right(first) + _right(second))
    return replace(
        first,
        handedness=RIGHT if right >= 0.5 else LEFT,
        handedness_score=max(right, 1.0 - right),
        score=0.5 * (first.score + second.score),
        box=hand_box(keypoints),
        keypoints_px=keypoints,
        keypoint_scores=0.5 * (first.keypoint_scores + second.keypoint_scores),
        keypoint_stddev_px=np.hypot(0.5 * (first.keypoint_stddev_px + second.keypoint_stddev_px), half),
        normalized_joints=normalize(first.normalized_joints + second.normalized_joints)[0],
        mirror_gap=float(np.linalg.norm(apart, axis=1).mean()) / extent,
    )


def _right(hand: HandPose) -> float:
    return hand.handedness_score if hand.handedness == RIGHT else 1.0 - hand.handedness_score
