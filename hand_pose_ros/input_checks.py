"""What images and calibrations must be, checked once at the door."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.camera import CameraModel

SMALLEST_SIDE, LARGEST_SIDE = 16, 16384


def check_image(image) -> np.ndarray:
    """Return ``image`` if it is (H, W, 3) uint8 RGB of a sensible size, else raise ValueError saying what is wrong."""
    if not isinstance(image, np.ndarray):
        raise ValueError(f"image is a {type(image).__name__}: give a numpy array (H, W, 3) uint8 RGB")
    if image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype}: give uint8 (0 to 255); convert 16-bit or float images first")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image has shape {image.shape}: give (H, W, 3) RGB; grey images are stacked three times")
    if not SMALLEST_SIDE <= min(image.shape[:2]) <= max(image.shape[:2]) <= LARGEST_SIDE:
        raise ValueError(f"image is {image.shape[1]} x {image.shape[0]}: give {SMALLEST_SIDE} to {LARGEST_SIDE} a side")
    return image


def check_camera(camera: CameraModel | None, image: np.ndarray) -> None:
    """Raise ValueError if the camera was calibrated for another image size."""
    if camera is not None and (camera.width, camera.height) != (image.shape[1], image.shape[0]):
        size = f"{camera.width} x {camera.height}"
        raise ValueError(
            f"image is {image.shape[1]} x {image.shape[0]} but its camera is calibrated for {size}: "
            "use CameraModel.resized if the image was scaled"
        )
