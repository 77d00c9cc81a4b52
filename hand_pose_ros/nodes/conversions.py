"""The one door to message conversions: images, calibrations and hands. Each kind has its own file beside this one."""

from hand_pose_ros.nodes.camera_info import camera_from_info, fit_to_image, info_from_camera, info_key
from hand_pose_ros.nodes.compressed_images import compressed_message, rgb_from_compressed
from hand_pose_ros.nodes.hand_messages import (
    hand_array_message,
    hand_from_message,
    hand_message,
    info_message,
    wrist_pose_message,
)
from hand_pose_ros.nodes.images import ENCODINGS, ImageError, depth_from_image, image_message, rgb_from_image
from hand_pose_ros.nodes.stamps import seconds, stamp

__all__ = [
    "ENCODINGS",
    "ImageError",
    "camera_from_info",
    "compressed_message",
    "depth_from_image",
    "fit_to_image",
    "hand_array_message",
    "hand_from_message",
    "hand_message",
    "image_message",
    "info_from_camera",
    "info_key",
    "info_message",
    "rgb_from_compressed",
    "rgb_from_image",
    "seconds",
    "stamp",
    "wrist_pose_message",
]
