"""The step from a hand in an image to a hand in metres."""

from __future__ import annotations

from dataclasses import replace

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.root_depth import place


def placed(hand: HandPose, camera: CameraModel | None, scales: HandScales) -> HandPose:
    """The hand with metres: absolute joints from its normalised pose, keypoints, intrinsics and hand scale.

    Without a camera, or where the keypoints fix no position, the metric fields stay None.
    """
    if camera is None:
        return hand
    scale = scales.of(hand.handedness)
    pixels = hand.keypoints_px if hand.joint_centres_px is None else hand.joint_centres_px
    try:
        placement = place(
            hand.normalized_joints, pixels, camera, scale, hand.keypoint_stddev_px, hand.keypoint_scores
        )
    except ValueError:
        return hand
    return replace(
        hand,
        joints_m=placement.joints_m,
        joint_stddev_m=placement.joint_stddev_m,
        normalized_joints=placement.normalized_joints,
        hand_scale=scale,
    )
