"""Hands as JSON: one object per image, described in docs/predict.md."""

from __future__ import annotations

import math

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose
from hand_pose_ros.image_source import Picture

PIXEL_DIGITS, METRE_DIGITS, UNIT_DIGITS = 3, 6, 5


def described_image(
    picture: Picture, model: str, hands: list[HandPose], camera: CameraModel | None, error=None
) -> dict:
    """The line of one image. ``error`` says what was wrong with it or its camera."""
    height, width = picture.image.shape[:2] if picture.image is not None else (None, None)
    line = {
        "image": picture.name,
        "width": width,
        "height": height,
        "K": camera and _rounded(camera.intrinsics, PIXEL_DIGITS),
        "model": model,
        "hands": [described_hand(hand) for hand in hands],
    }
    if camera is not None and any(camera.distortion):
        line |= {"distortion_model": camera.distortion_model, "distortion": list(camera.distortion)}
    if picture.frame is not None:
        line |= {"frame": picture.frame, "stamp_s": round(picture.stamp_s, 6)}
    return line | ({"error": error} if error else {})


def described_hand(hand: HandPose) -> dict:
    """One hand; metric entries are null where the camera is not known."""
    return {
        "id": hand.id,
        "handedness": hand.handedness,
        "handedness_score": round(float(hand.handedness_score), UNIT_DIGITS),
        "score": round(float(hand.score), UNIT_DIGITS),
        "status": hand.status,
        "box": {
            "centre_px": _rounded(hand.box.centre_px, PIXEL_DIGITS),
            "size_px": _rounded(hand.box.size_px, PIXEL_DIGITS),
            "angle_rad": round(float(hand.box.angle_rad), UNIT_DIGITS),
        },
        "keypoints_px": _rounded(hand.keypoints_px, PIXEL_DIGITS),
        "keypoint_scores": _rounded(hand.keypoint_scores, UNIT_DIGITS),
        "keypoint_stddev_px": _rounded(hand.keypoint_stddev_px, PIXEL_DIGITS),
        "normalized_joints": _rounded(hand.normalized_joints, UNIT_DIGITS),
        "joints_m": _rounded(hand.joints_m, METRE_DIGITS),
        "joint_stddev_m": _rounded(hand.joint_stddev_m, METRE_DIGITS),
        "hand_scale_m": hand.hand_scale and hand.hand_scale.mean_m,
        "hand_scale_stddev_m": hand.hand_scale and hand.hand_scale.stddev_m,
        "hand_scale_source": hand.hand_scale and hand.hand_scale.source,
    }


def _rounded(values, digits: int):
    """Nested lists of plain floats; None stays None, and what is not finite becomes null, which JSON can say."""
    if values is None:
        return None
    if np.ndim(values) == 0:
        return round(float(values), digits) if math.isfinite(values) else None
    return [_rounded(value, digits) for value in np.asarray(values).tolist()]
