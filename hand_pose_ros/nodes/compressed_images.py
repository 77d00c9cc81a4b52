"""CompressedImage messages (JPEG, PNG) to RGB arrays and back.

The file's own header is read first: a few corrupt bytes may announce gigabytes, a truncated file may decode to a
half-grey picture, and neither may reach the networks.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage

from hand_pose_ros.nodes.images import ImageError, check_size

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# EXIF rotation is ignored: camera_info describes the pixels as they are stored.
_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def rgb_from_compressed(message: CompressedImage) -> np.ndarray:
    """RGB image (H, W, 3) uint8 of a JPEG or PNG CompressedImage; ImageError if it cannot be used."""
    if "compresseddepth" in message.format.lower():
        raise ImageError(f"format {message.format!r} is a depth image: subscribe to the colour camera's topic")
    data = np.frombuffer(message.data, np.uint8)
    check_size(*_announced_size(data, message.format))
    bgr = cv2.imdecode(data, _FLAGS)
    if bgr is None:
        raise ImageError(f"{len(data)} bytes of format {message.format!r} do not decode: the image is corrupt")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr)


def compressed_message(rgb: np.ndarray, header, format: str = "jpeg", quality: int = 90) -> CompressedImage:
    """CompressedImage of an RGB image (H, W, 3) uint8; ``format`` is jpeg or png, ``quality`` (JPEG) 1 to 100."""
    if format not in ("jpeg", "png"):
        raise ImageError(f"format {format!r}: give jpeg or png")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if format == "jpeg" else []
    written, data = cv2.imencode("." + format, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not written:
        raise ImageError(f"image of shape {rgb.shape} cannot be written as {format}")
    message = CompressedImage(header=header, format=f"rgb8; {format} compressed bgr8")
    message.data.frombytes(data.tobytes())
    return message


def _announced_size(data: np.ndarray, format: str) -> tuple[int, int]:
    """(width, height) in the file's header; ImageError for other formats and for files cut short."""
    head = data[:8].tobytes()
    if head == _PNG and len(data) >= 33:
        if b"IEND" not in data[-64:].tobytes():
            raise ImageError(f"PNG of {len(data)} bytes has no end: the image is truncated")
        return struct.unpack(">II", data[16:24].tobytes())
    if head[:3] == _JPEG:
        # Some drivers pad with zeros after the end-of-image marker.
        if b"\xff\xd9" not in data[-4096:].tobytes():
            raise ImageError(f"JPEG of {len(data)} bytes has no end-of-image marker: the image is truncated")
        return _jpeg_size(data)
    raise ImageError(
        f"format {format!r} with {len(data)} bytes beginning {head[:4].hex(' ') or 'with nothing'}: publish jpeg or png"
    )


def _jpeg_size(data: np.ndarray) -> tuple[int, int]:
    """(width, height) of a JPEG's start-of-frame segment (ITU T.81, B.2.2)."""
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            break
        marker = int(data[position + 1])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9].tobytes())
            return width, height
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4].tobytes(), "big")
    raise ImageError(f"JPEG of {len(data)} bytes names no size: the image is corrupt")
