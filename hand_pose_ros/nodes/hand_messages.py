"""``HandPose`` dataclasses to messages and back. Without metres every metric field of the message is NaN."""

from __future__ import annotations

import math

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion

from hand_pose_ros import kinematics
from hand_pose_ros.hand import (
    BONES,
    DETECTED,
    KEYPOINT_COUNT,
    KEYPOINT_NAMES,
    LEFT,
    PREDICTED,
    RIGHT,
    TRACKED,
    WRIST,
    HandPose,
    HandScale,
    OrientedBox,
)
from hand_pose_ros.msg import HandPose as HandPoseMsg
from hand_pose_ros.msg import HandPoseArray, HandPoseInfo, Pixel
from hand_pose_ros.msg import OrientedBox as OrientedBoxMsg
from hand_pose_ros.nodes.ros_packages import quaternion_from_matrix

_HANDEDNESS = {LEFT: HandPoseMsg.HANDEDNESS_LEFT, RIGHT: HandPoseMsg.HANDEDNESS_RIGHT}
_STATUS = {
    DETECTED: HandPoseMsg.STATUS_DETECTED,
    TRACKED: HandPoseMsg.STATUS_TRACKED,
    PREDICTED: HandPoseMsg.STATUS_PREDICTED,
}
_SOURCE = {
    "prior": HandPoseMsg.HAND_SCALE_PRIOR,
    "user": HandPoseMsg.HAND_SCALE_USER,
    "calibrated": HandPoseMsg.HAND_SCALE_CALIBRATED,
    "depth": HandPoseMsg.HAND_SCALE_DEPTH,
}
_NAN = math.nan
_NAN_POINTS = np.full((KEYPOINT_COUNT, 3), np.nan)
_NAN_DEVIATIONS = np.full((KEYPOINT_COUNT, 2), np.nan)


def hand_message(hand: HandPose, header) -> HandPoseMsg:
    """HandPose message with ``header`` (the image's; shared, not copied)."""
    metric = hand.joints_m is not None and bool(np.isfinite(hand.joints_m).all())
    message = HandPoseMsg(header=header, id=max(hand.id, 0), metric=metric)
    message.handedness = _HANDEDNESS.get(hand.handedness, HandPoseMsg.HANDEDNESS_UNKNOWN)
    message.handedness_score, message.score = float(hand.handedness_score), float(hand.score)
    message.status = _STATUS[hand.status]
    message.box = _box_message(hand.box)
    message.keypoints = [Pixel(x=x, y=y) for x, y in hand.keypoints_px.tolist()]
    message.keypoint_confidence = np.asarray(hand.keypoint_scores, np.float32)
    message.keypoint_stddev = np.asarray(hand.keypoint_stddev_px, np.float32)
    message.normalized_joints = _points(hand.normalized_joints)
    _fill_metres(message, hand, metric)
    return message


def _fill_metres(message, hand, metric):
    joints = hand.joints_m if metric else _NAN_POINTS
    deviations = hand.joint_stddev_m if metric and hand.joint_stddev_m is not None else _NAN_DEVIATIONS
    message.joints = _points(joints)
    message.joint_stddev_across = np.ascontiguousarray(deviations[:, 0], np.float32)
    message.joint_stddev_along = np.ascontiguousarray(deviations[:, 1], np.float32)
    message.wrist_pose = wrist_pose_message(joints, hand.handedness)
    scale = hand.hand_scale if metric else None
    message.hand_scale = scale.mean_m if scale else _NAN
    message.hand_scale_stddev = scale.stddev_m if scale else _NAN
    message.hand_scale_source = _SOURCE[scale.source] if scale else HandPoseMsg.HAND_SCALE_NONE


def hand_array_message(hands, header, width: int, height: int, calibrated: bool) -> HandPoseArray:
    """One message for all hands of one image of ``width`` x ``height`` pixels; ``header`` is the image's."""
    messages = [hand_message(hand, header) for hand in hands]
    return HandPoseArray(
        header=header, image_width=width, image_height=height, calibrated=bool(calibrated), hands=messages
    )


def info_message(header, model: str, device: str, version: str) -> HandPoseInfo:
    """What the messages of this node mean; published latched."""
    bones = np.asarray(BONES, np.uint8).ravel()
    return HandPoseInfo(
        header=header, joint_names=list(KEYPOINT_NAMES), bones=bones, model=model, device=device, version=version
    )


def hand_from_message(message: HandPoseMsg) -> HandPose:
    """The dataclass of a HandPose message (``metadata`` does not travel)."""
    metric = message.metric
    return HandPose(
        handedness=_key(_HANDEDNESS, message.handedness, LEFT),
        handedness_score=message.handedness_score,
        score=message.score,
        box=_box(message.box),
        keypoints_px=np.array([(point.x, point.y) for point in message.keypoints]),
        keypoint_scores=np.array(message.keypoint_confidence, np.float64),
        keypoint_stddev_px=np.array(message.keypoint_stddev, np.float64),
        normalized_joints=_array(message.normalized_joints),
        joints_m=_array(message.joints) if metric else None,
        joint_stddev_m=_deviations(message) if metric else None,
        hand_scale=_scale(message) if metric else None,
        id=message.id or -1,
        status=_key(_STATUS, message.status, DETECTED),
    )


def _deviations(message):
    return np.stack([message.joint_stddev_across, message.joint_stddev_along], axis=-1).astype(np.float64)


def _scale(message) -> HandScale | None:
    source = _key(_SOURCE, message.hand_scale_source, None)
    return HandScale(message.hand_scale, message.hand_scale_stddev, source) if source else None


def _key(table, value, otherwise):
    return next((key for key, number in table.items() if number == value), otherwise)


def wrist_pose_message(joints_m: np.ndarray, handedness: str) -> Pose:
    """Wrist pose of joints (21, 3) in metres; NaN where they hold no metres or span no palm (no orientation)."""
    try:
        position, rotation = kinematics.wrist_pose(joints_m, handedness)
    except ValueError:
        return Pose(position=_point(joints_m[WRIST].tolist()), orientation=Quaternion(x=_NAN, y=_NAN, z=_NAN, w=_NAN))
    x, y, z, w = quaternion_from_matrix(rotation)
    return Pose(position=_point(position.tolist()), orientation=Quaternion(x=x, y=y, z=z, w=w))


def _point(row):
    return Point(x=row[0], y=row[1], z=row[2])


def _points(array):
    return [Point(x=x, y=y, z=z) for x, y, z in np.asarray(array, np.float64).tolist()]


def _array(points):
    return np.array([(point.x, point.y, point.z) for point in points])


def _box_message(box: OrientedBox) -> OrientedBoxMsg:
    (x, y), (width, height) = box.centre_px, box.size_px
    angle = math.remainder(float(box.angle_rad), 2.0 * math.pi)
    return OrientedBoxMsg(center=Pixel(x=float(x), y=float(y)), width=float(width), height=float(height), angle=angle)


def _box(message: OrientedBoxMsg) -> OrientedBox:
    return OrientedBox((message.center.x, message.center.y), (message.width, message.height), message.angle)
