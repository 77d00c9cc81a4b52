"""Image messages to RGB arrays and back. cv_bridge or rosbags-image (``ros_packages.py``) convert colours.

What they would not notice is checked here: sizes, truncated data, odd chroma. Rows are handed over without padding,
because rosbags-image ignores ``step`` and cv_bridge rounds it to whole pixels.
"""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
from sensor_msgs.msg import Image

from hand_pose_ros.input_checks import LARGEST_SIDE, SMALLEST_SIDE
from hand_pose_ros.nodes.ros_packages import rgb_from_message


class ImageError(ValueError):
    """An image that cannot be used; the text names the offending value and says what to do."""


# Bytes per pixel and row of ``step``.
_CHANNELS = {
    "rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "yuv422": 2, "yuv422_yuy2": 2, "nv12": 1, "nv21": 1,
    "bayer_rggb8": 1, "bayer_bggr8": 1, "bayer_gbrg8": 1, "bayer_grbg8": 1,
}  # fmt: skip
_OTHER_NAMES = {"8uc3": "bgr8", "8uc4": "bgra8", "8uc1": "mono8", "uyvy": "yuv422", "yuyv": "yuv422_yuy2"}
ENCODINGS = (*_CHANNELS, *_OTHER_NAMES)
# Not by the libraries: cv_bridge does not know them, rosbags-image takes two thirds of the rows for the whole picture.
_PLANAR = {"nv12": cv2.COLOR_YUV2RGB_NV12, "nv21": cv2.COLOR_YUV2RGB_NV21}


def rgb_from_image(message: Image) -> np.ndarray:
    """RGB image (H, W, 3) uint8 of a raw Image message; ImageError if it cannot be used.

    ``rgb8`` without padding shares the message's memory; everything else is one pass over the pixels.
    """
    name = message.encoding.strip().lower()
    name = _OTHER_NAMES.get(name, name)
    if name not in _CHANNELS:
        raise ImageError(_unknown_encoding(message.encoding))
    check_size(message.width, message.height)
    _check_even(name, message)
    rows = message.height * 3 // 2 if name in _PLANAR else message.height
    return _converted(_rows(message, _CHANNELS[name], rows), name)


def _converted(pixels, name):
    if name == "bgr8":  # OpenCV skips the padding by itself; cv_bridge takes three times as long
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    pixels = np.ascontiguousarray(pixels)
    if name == "rgb8":
        return pixels
    if name in _PLANAR:
        return cv2.cvtColor(pixels, _PLANAR[name])
    return rgb_from_message(_packed(pixels, name))


def _packed(pixels, encoding):
    """What the libraries read of an Image, without a copy into its array."""
    height, width = pixels.shape[:2]
    step = pixels.nbytes // height
    return SimpleNamespace(height=height, width=width, encoding=encoding, step=step, is_bigendian=0, data=pixels)


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
    if name in _PLANAR and (message.width % 2 or message.height % 2):
        raise ImageError(f"{message.encoding} image of {message.width} x {message.height}: both sides must be even")
    if name in ("yuv422", "yuv422_yuy2") and message.width % 2:
        raise ImageError(f"{message.encoding} image of width {message.width}: the width must be even")


def _unknown_encoding(encoding) -> str:
    name = encoding.lower()
    wide = any(mark in name for mark in ("16", "32", "64")) or name in ("8sc1", "8sc3")
    why = "more than 8 bits a channel" if wide else "unknown"
    return (
        f"encoding {encoding!r} ({why}) is refused: publish one of {', '.join(ENCODINGS)}; 16-bit and float pictures "
        "need a choice of exposure that only their owner can make (image_proc or cv_bridge convert them)"
    )
