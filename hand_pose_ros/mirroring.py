"""Mirrored (selfie) images: turned back before the networks see them, and what was found turned back into their pixels.

Swapping the words left and right would not do: the joints of a mirrored hand are those of the other hand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose, OrientedBox


def mirrored_image(image: np.ndarray) -> np.ndarray:
    """Image (H, W, ...) with left and right exchanged, contiguous."""
    return np.ascontiguousarray(image[:, ::-1])


def mirrored_camera(camera: CameraModel) -> CameraModel:
    """The calibration of the mirrored picture: x -> width - 1 - x, so the tangential p2 changes its sign as well."""
    fx, fy, cx, cy = camera.intrinsics
    distortion = list(camera.distortion)
    if camera.distortion_model != "equidistant" and len(distortion) > 3:
        distortion[3] = -distortion[3]
    matrix = [[fx, 0.0, camera.width - 1 - cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]
    return CameraModel(camera.width, camera.height, np.array(matrix), tuple(distortion), camera.distortion_model)


def mirrored_hand(hand: HandPose, width: int) -> HandPose:
    """The hand with all pixels in the mirrored picture of ``width`` pixels; side and metres stay as they are."""
    x, y = hand.box.centre_px
    box = OrientedBox((width - 1 - x, y), hand.box.size_px, -hand.box.angle_rad)
    centres = None if hand.joint_centres_px is None else mirrored_pixels(hand.joint_centres_px, width)
    return replace(hand, keypoints_px=mirrored_pixels(hand.keypoints_px, width), joint_centres_px=centres, box=box)


def mirrored_pixels(pixels: np.ndarray, width: int) -> np.ndarray:
    """Pixels (N, 2) of an image ``width`` pixels wide in its mirror image, and back."""
    return pixels * (-1, 1) + (width - 1, 0)
