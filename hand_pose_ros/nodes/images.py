"""Image messages to RGB arrays and back, with numpy and OpenCV alone.

cv_bridge is not used on purpose: its binaries break with NumPy 2 (ros-perception/vision_opencv#535), it is not on PyPI,
and the 8-bit encodings of ``sensor_msgs/image_encodings.hpp`` need one OpenCV call each.
"""

from __future__ import annotations

import cv2
import numpy as np
from sensor_msgs.msg import Image

from hand_pose_ros.input_checks import LARGEST_SIDE, SMALLEST_SIDE


class ImageError(ValueError):
    """An image that cannot be used; the text names the offending value and says what to do."""


# encoding: (bytes per pixel and row of ``step``, OpenCV's conversion or None). OpenCV names a Bayer pattern by the
# second row's pixels 2 and 3, so ROS's RGGB is its BG.
_ENCODINGS = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "8uc3": (3, cv2.COLOR_BGR2RGB),
    "rgba8": (4, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
    "8uc4": (4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
    "8uc1": (1, cv2.COLOR_GRAY2RGB),
    "yuv422": (2, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": (2, cv2.COLOR_YUV2RGB_YUY2),
    "nv12": (1, cv2.COLOR_YUV2RGB_NV12),
    "nv21": (1, cv2.COLOR_YUV2RGB_NV21),
    "bayer_rggb8": (1, cv2.COLOR_BayerBG2RGB),
    "bayer_bggr8": (1, cv2.COLOR_BayerRG2RGB),
    "bayer_gbrg8": (1, cv2.COLOR_BayerGR2RGB),
    "bayer_grbg8": (1, cv2.COLOR_BayerGB2RGB),
}
ENCODINGS = tuple(_ENCODINGS)


def rgb_from_image(message: Image) -> np.ndarray:
    """RGB image (H, W, 3) uint8 of a raw Image message; ImageError if it cannot be used.

    ``rgb8`` without padding shares the message's memory; everything else is one pass over the pixels.
    """
    name = message.encoding.strip().lower()
    if name not in _ENCODINGS:
        raise ImageError(_unknown_encoding(message.encoding))
    channels, conversion = _ENCODINGS[name]
    check_size(message.width, message.height)
    _check_even(name, message)
    planar = name in ("nv12", "nv21")
    pixels = _rows(message, channels, message.height * 3 // 2 if planar else message.height)
    if conversion is None:
        return np.ascontiguousarray(pixels)
    # OpenCV skips the padding of packed rows by itself, but not that of the planar formats.
    return cv2.cvtColor(np.ascontiguousarray(pixels) if planar else pixels, conversion)


def image_message(rgb: np.ndarray, header, encoding: str = "rgb8") -> Image:
    """Image message of an RGB image (H, W, 3) uint8; ``encoding`` is rgb8 or bgr8. ``header`` is copied as it is."""
    if encoding not in ("rgb8", "bgr8"):
        raise ImageError(f"encoding {encoding!r}: give rgb8 or bgr8")
    pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR) if encoding == "bgr8" else np.ascontiguousarray(rgb)
    height, width = pixels.shape[:2]
    message = Image(header=header, height=height, width=width, encoding=encoding, is_bigendian=0, step=3 * width)
    # Assigning an ndarray would be checked element by element (230 ms at 720p); array.array takes 1 ms.
    message.data.frombytes(pixels.data)
    return message


def depth_from_image(message: Image) -> np.ndarray:
    """Depth (H, W) float32 in metres of a 16UC1 (millimetres) or 32FC1 (metres) Image; NaN where there is none."""
    kinds = {"16uc1": (np.uint16, 0.001), "mono16": (np.uint16, 0.001), "32fc1": (np.float32, 1.0)}
    name = message.encoding.strip().lower()
    if name not in kinds:
        raise ImageError(f"depth encoding {message.encoding!r}: publish 16UC1 (millimetres) or 32FC1 (metres)")
    kind, metres = kinds[name]
    check_size(message.width, message.height)
    raw = _rows(message, np.dtype(kind).itemsize, message.height).reshape(message.height, -1)
    order = ">" if message.is_bigendian else "<"
    depth = np.ascontiguousarray(raw).view(np.dtype(kind).newbyteorder(order)).astype(np.float32) * metres
    return np.where(np.isfinite(depth) & (depth > 0.0), depth, np.nan).astype(np.float32)


def _rows(message, channels, rows) -> np.ndarray:
    """View (rows, W) or (rows, W, channels) of the message's bytes without the padding at each row's end."""
    row_bytes = message.width * channels
    step = message.step or row_bytes
    if step < row_bytes:
        raise ImageError(
            f"step {message.step}: a row of {message.width} {message.encoding} pixels takes {row_bytes} bytes; "
            "correct step in the driver"
        )
    # The last row's padding may be left out; some drivers do.
    needed = step * (rows - 1) + row_bytes
    if len(message.data) < needed:
        raise ImageError(
            f"{len(message.data)} bytes: {message.width} x {message.height} {message.encoding} with step {step} "
            f"needs {needed}; the image is truncated"
        )
    flat = np.frombuffer(message.data, np.uint8)
    shape = (rows, message.width) if channels == 1 else (rows, message.width, channels)
    strides = (step, 1) if channels == 1 else (step, channels, 1)
    return np.lib.stride_tricks.as_strided(flat, shape, strides)


def check_size(width: int, height: int) -> None:
    """Raise ImageError for sizes that are no picture."""
    if not (SMALLEST_SIDE <= width <= LARGEST_SIDE and SMALLEST_SIDE <= height <= LARGEST_SIDE):
        raise ImageError(f"image of {width} x {height} pixels: give {SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side")


def _check_even(name, message):
    if name in ("nv12", "nv21") and (message.width % 2 or message.height % 2):
        raise ImageError(f"{message.encoding} image of {message.width} x {message.height}: both sides must be even")
    if name in ("yuv422", "uyvy", "yuyv", "yuv422_yuy2") and message.width % 2:
        raise ImageError(f"{message.encoding} image of width {message.width}: the width must be even")


def _unknown_encoding(encoding) -> str:
    name = encoding.lower()
    wide = any(mark in name for mark in ("16", "32", "64")) or name in ("8sc1", "8sc3")
    why = "more than 8 bits a channel" if wide else "unknown"
    return (
        f"encoding {encoding!r} ({why}) is refused: publish one of {', '.join(ENCODINGS)}; 16-bit and float pictures "
        "need a choice of exposure that only their owner can make (image_proc or cv_bridge convert them)"
    )
