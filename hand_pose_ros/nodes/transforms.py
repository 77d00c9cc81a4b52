"""Hands as TF frames: ``left_hand`` and ``right_hand`` (wrist pose, child of the image's frame) and joints below them.

Joint frames (``left_hand/index_tip``) are children of their wrist frame with its orientation, so a robot reads a
fingertip relative to the palm directly, and relative to the camera through tf2. All carry the image's stamp.
"""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3

from hand_pose_ros import kinematics
from hand_pose_ros.hand import KEYPOINT_NAMES, PREDICTED, HandPose
from hand_pose_ros.nodes.ros_packages import quaternion_from_matrix

_NAMES = {side: [f"{side}_hand/{name}" for name in KEYPOINT_NAMES] for side in ("left", "right")}


def hands_for_tf(hands: list[HandPose]) -> list[HandPose]:
    """Hands that may be sent: metric, seen in this image, and of two hands of one side only the better scored."""
    best: dict[str, HandPose] = {}
    for hand in hands:
        if hand.joints_m is None or hand.status == PREDICTED or not np.isfinite(hand.joints_m).all():
            continue
        if hand.handedness not in best or hand.score > best[hand.handedness].score:
            best[hand.handedness] = hand
    return list(best.values())


def hand_transforms(hand: HandPose, header, prefix: str = "", joints: bool = True) -> list[TransformStamped]:
    """The wrist's transform, and those of the other 20 joints; empty if the joints span no palm.

    ``header`` is the image's: its frame_id is the parent.
    """
    try:
        position, rotation = kinematics.wrist_pose(hand.joints_m, hand.handedness)
    except ValueError:
        return []
    x, y, z, w = quaternion_from_matrix(rotation)
    wrist = f"{prefix}{hand.handedness}_hand"
    sent = [_transform(header, wrist, position.tolist(), Quaternion(x=x, y=y, z=z, w=w))]
    if joints:
        header = type(header)(stamp=header.stamp, frame_id=wrist)
        relative = ((hand.joints_m - position) @ rotation).tolist()
        unturned = Quaternion()
        names = _NAMES[hand.handedness]
        sent += [_transform(header, prefix + names[n], relative[n], unturned) for n in range(1, len(names))]
    return sent


def unusable(header) -> str:
    """Why an image's header cannot be that of a transform, "" if it can."""
    if not header.frame_id.strip():
        return "the image's frame_id is empty: no TF is sent; set the frame_id in the camera driver"
    if header.frame_id.startswith("/"):
        return f"the image's frame_id {header.frame_id!r} begins with a slash, which tf2 refuses: no TF is sent"
    if not (header.stamp.sec or header.stamp.nanosec):
        return "the image's stamp is 0, which tf2 takes for any time: no TF is sent; have the driver stamp its images"
    return ""


def _transform(header, child, translation, rotation) -> TransformStamped:
    vector = Vector3(x=translation[0], y=translation[1], z=translation[2])
    moved = Transform(translation=vector, rotation=rotation)
    return TransformStamped(header=header, child_frame_id=child, transform=moved)
