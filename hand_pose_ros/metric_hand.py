"""The step from a hand in an image to a hand in metres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose, HandScale
from hand_pose_ros.hand_scale import JOINT_CENTRES_PRIOR, HandScales
from hand_pose_ros.lifted_placement import placement


def placed(hand: HandPose, camera: CameraModel | None, scales: HandScales) -> HandPose:
    """The hand with metres: absolute joints from its normalised pose, keypoints, intrinsics and hand scale.

    Without a camera, or where the keypoints fix no position, the metric fields stay None.
    """
    if camera is None:
        return hand
    scale = scale_of(hand, scales)
    try:
        found = placement(
            hand.normalized_joints, pixels_of(hand), camera, scale,
            hand.lift, hand.keypoint_stddev_px, hand.keypoint_scores,
        )  # fmt: skip
    except ValueError:
        return hand
    return replace(
        hand,
        joints_m=found.joints_m,
        joint_stddev_m=found.joint_stddev_m,
        normalized_joints=found.normalized_joints,
        hand_scale=scale,
    )


def pixels_of(hand: HandPose) -> np.ndarray:
    """The pixels (21, 2) that metres follow from: those of the joints' centres where a lifter says them."""
    return hand.keypoints_px if hand.joint_centres_px is None else hand.joint_centres_px


def scale_of(hand: HandPose, scales: HandScales) -> HandScale:
    """The hand scale in force. Joints' centres and keypoints are different points, so the population's mean differs."""
    scale = scales.of(hand.handedness)
    return JOINT_CENTRES_PRIOR if scale.source == "prior" and hand.joint_centres_px is not None else scale
