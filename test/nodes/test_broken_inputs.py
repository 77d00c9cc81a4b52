"""Several hundred kinds of broken input: each is refused with a message that names the value, and nothing breaks.

Messages x defects, calibrations x defects, parameters x values, services x values, depth images and files, through the
code that the node runs; a part of them over DDS against a live node, which then still answers a good image.
"""

from __future__ import annotations

import math
import struct
from dataclasses import fields, is_dataclass

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.nodes import parameters
from hand_pose_ros.nodes.camera_info import camera_from_info, fit_to_image, info_from_camera
from hand_pose_ros.nodes.conversions import (
    ENCODINGS,
    ImageError,
    depth_from_image,
    image_message,
    rgb_from_compressed,
    rgb_from_image,
)
from hand_pose_ros.nodes.hand_scale_services import requested_measurement, requested_scale, requested_side
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.pipeline import PipelineSettings
from hand_pose_ros.srv import CalibrateHandScale, SetHandScale

WIDTH, HEIGHT = 64, 48
HEADER = Header(frame_id="camera")
NAN, INF = math.nan, math.inf


# ---- raw images: every encoding x every defect

BYTES = {"rgb8": 3, "bgr8": 3, "8uc3": 3, "rgba8": 4, "bgra8": 4, "8uc4": 4, "yuv422": 2, "uyvy": 2, "yuyv": 2,
         "yuv422_yuy2": 2}  # fmt: skip


def good_image(encoding) -> Image:
    row = WIDTH * BYTES.get(encoding, 1)
    rows = HEIGHT * 3 // 2 if encoding in ("nv12", "nv21") else HEIGHT
    return Image(header=HEADER, width=WIDTH, height=HEIGHT, encoding=encoding, step=row, data=bytes(row * rows))


# defect: (what to change, words of the refusal)
IMAGE_DEFECTS = {
    "no data": ({"data": b""}, ["0 bytes", "truncated"]),
    "one byte short": ({"data": -1}, ["bytes", "truncated"]),
    "half the rows": ({"data": 0.5}, ["bytes", "truncated"]),
    "zero width": ({"width": 0}, ["0 x 48", "16 to 16384"]),
    "zero height": ({"height": 0}, ["64 x 0", "16 to 16384"]),
    "too small": ({"width": 8, "height": 8}, ["8 x 8", "16 to 16384"]),
    "absurd width": ({"width": 4_000_000_000}, ["4000000000", "16 to 16384"]),
    "absurd height": ({"height": 70_000}, ["70000", "16 to 16384"]),
    "step too small": ({"step": 15}, ["step 15", "driver"]),
    "step too large": ({"step": 100_000}, ["100000", "truncated"]),
}


def spoilt(message, changes):
    for name, value in changes.items():
        if name == "data" and not isinstance(value, bytes):
            whole = bytes(message.data)
            value = whole[:value] if isinstance(value, int) else whole[: int(len(whole) * value)]
        setattr(message, name, value)
    return message


@pytest.mark.parametrize("defect", IMAGE_DEFECTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_broken_image_is_refused(encoding, defect):
    changes, words = IMAGE_DEFECTS[defect]
    refused(ImageError, words, rgb_from_image, spoilt(good_image(encoding), changes))


def refused(kind, words, action, *arguments):
    """``action`` must raise exactly this kind of error, with these words in its text."""
    with pytest.raises(kind) as error:
        action(*arguments)
    for word in words:
        assert word in str(error.value), f"{word!r} is not in {str(error.value)!r}"


UNSUPPORTED = [
    "rgb16", "rgba16", "bgr16", "bgra16", "mono16", "16UC1", "16UC3", "16SC1", "32SC1", "32FC1", "32FC3", "64FC1",
    "64FC4", "8SC1", "8SC3", "8UC2", "bayer_rggb16", "bayer_bggr16", "bayer_gbrg16", "bayer_grbg16", "nv24", "yuv420p",
    "h264", "jpeg", "jpg", "", "\x00", "RGB", "rgb", "grey", "ümläut", "rgb8; jpeg compressed bgr8", "x" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("encoding", UNSUPPORTED)
def test_an_encoding_that_is_not_8_bit_colour_is_refused_by_name(encoding):
    message = good_image("rgba8")
    message.encoding = encoding
    refused(ImageError, [repr(encoding), "rgb8, bgr8"], rgb_from_image, message)


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuyv", "yuv422_yuy2", "nv12", "nv21"])
def test_half_a_chroma_pair_is_refused(encoding):
    message = good_image("rgba8")
    message.encoding, message.width = encoding, 63
    refused(ImageError, ["63", "even"], rgb_from_image, message)


# ---- compressed images


def file_of(extension) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    return cv2.imencode(extension, noise)[1].tobytes()


def resized_png(width, height) -> bytes:
    data = file_of(".png")
    return data[:16] + struct.pack(">II", width, height) + data[24:]


def resized_jpeg(width, height) -> bytes:
    data = file_of(".jpg")
    start = data.index(b"\xff\xc0")
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


JPEG, PNG = file_of(".jpg"), file_of(".png")
FILES = {
    "nothing": (b"", ["0 bytes"]),
    "one byte": (b"\xff", ["1 bytes", "ff"]),
    "text": (b"hello", ["68 65", "jpeg or png"]),
    "html": (b"<html>404</html>", ["jpeg or png"]),
    "zeros": (bytes(1000), ["1000 bytes", "jpeg or png"]),
    "noise": (np.random.default_rng(1).integers(0, 255, 5000, np.uint8).tobytes(), ["5000 bytes"]),
    "gif": (b"GIF89a" + bytes(100), ["jpeg or png"]),
    "bmp": (file_of(".bmp"), ["jpeg or png"]),
    "h264": (b"\x00\x00\x00\x01\x67" + bytes(100), ["jpeg or png"]),
    "jpeg, first bytes": (JPEG[:3], ["truncated"]),
    "jpeg, header only": (JPEG[:100], ["truncated"]),
    "jpeg, half": (JPEG[: len(JPEG) // 2], ["truncated"]),
    "jpeg, last bytes lost": (JPEG[:-2], ["truncated"]),
    "jpeg without a frame": (b"\xff\xd8\xff\xd9" * 4, ["names no size"]),
    "jpeg of broken segments": (JPEG[:20] + bytes(100) + b"\xff\xd9", ["names no size"]),
    "jpeg with an endless segment": (b"\xff\xd8\xff\xe0\xff\xff" + bytes(50) + b"\xff\xd9", ["names no size"]),
    "jpeg with an empty segment": (b"\xff\xd8\xff\xe0\x00\x00" + bytes(50) + b"\xff\xd9", ["names no size"]),
    "jpeg without picture data": (JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9", ["do not decode"]),
    "jpeg of no width": (resized_jpeg(0, HEIGHT), ["0 x 48"]),
    "jpeg of no height": (resized_jpeg(WIDTH, 0), ["64 x 0"]),
    "jpeg bomb": (resized_jpeg(65500, 65500), ["65500 x 65500"]),
    "png, signature only": (PNG[:8], ["jpeg or png"]),
    "png, header only": (PNG[:33], ["truncated"]),
    "png, half": (PNG[: len(PNG) // 2], ["truncated"]),
    "png, end lost": (PNG[:-12], ["truncated"]),
    "png of no width": (resized_png(0, HEIGHT), ["0 x 48"]),
    "png bomb": (resized_png(60_000, 60_000), ["60000 x 60000"]),
    "png, absurd": (resized_png(2**31, 2**31), ["2147483648"]),
    "png of wrong checksum": (resized_png(80, 80), ["do not decode"]),
    "png without picture data": (PNG[:33] + PNG[-12:], ["do not decode"]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_compressed_image_is_refused(name):
    data, words = FILES[name]
    refused(ImageError, words, rgb_from_compressed, CompressedImage(header=HEADER, format="jpeg", data=data))


@pytest.mark.parametrize("format", ["16UC1; compressedDepth", "32FC1; compressedDepth png", "compressedDepth"])
def test_compressed_depth_is_not_a_picture(format):
    refused(ImageError, ["depth"], rgb_from_compressed, CompressedImage(format=format, data=PNG))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"encoding": name}, [repr(name), "16UC1"]) for name in ("rgb8", "mono8", "64FC1", "16UC3", "", "32SC1")]
    + [(change, words) for change, words in IMAGE_DEFECTS.values()],
)
def test_a_broken_depth_image_is_refused(changes, words):
    message = Image(width=WIDTH, height=HEIGHT, encoding="32FC1", step=4 * WIDTH, data=bytes(4 * WIDTH * HEIGHT))
    refused(ImageError, words, depth_from_image, spoilt(message, changes))


# ---- calibrations


def k(fx=60.0, fy=60.0, cx=31.5, cy=23.5, **others):
    matrix = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    for place, value in others.items():
        matrix[int(place[1:])] = value
    return matrix


CALIBRATIONS = {
    "zeros": ({"k": [0.0] * 9}, ["zeros", "calibrate"]),
    "all NaN": ({"k": [NAN] * 9}, ["non-finite"]),
    "fx NaN": ({"k": k(fx=NAN)}, ["nan"]),
    "fy infinite": ({"k": k(fy=INF)}, ["inf"]),
    "cx NaN": ({"k": k(cx=NAN)}, ["nan"]),
    "fx zero": ({"k": k(fx=0.0)}, ["fx = 0.0"]),
    "fy zero": ({"k": k(fy=0.0)}, ["fy = 0.0"]),
    "fx negative": ({"k": k(fx=-60.0)}, ["-60.0"]),
    "fy negative": ({"k": k(fy=-60.0)}, ["-60.0"]),
    "fx one": ({"k": k(fx=1.0, fy=1.0)}, ["1.0"]),
    "identity": ({"k": [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]}, ["1.0"]),
    "fx absurd": ({"k": k(fx=1e9, fy=1e9)}, ["1000000000.0"]),
    "fx and fy strangers": ({"k": k(fx=30.0, fy=600.0)}, ["30.0", "600.0"]),
    "cx absurd": ({"k": k(cx=1e7)}, ["10000000.0"]),
    "cy absurd": ({"k": k(cy=-1e7)}, ["-10000000.0"]),
    "skew": ({"k": k(_1=5.0)}, ["5.0"]),
    "transposed": ({"k": [60.0, 0, 0, 0, 60.0, 0, 31.5, 23.5, 1.0]}, ["31.5"]),
    "last row": ({"k": k(_8=0.0)}, ["[0, 0, 1]"]),
    "no width": ({"width": 0}, ["0 x 48", "width"]),
    "no height": ({"height": 0}, ["64 x 0", "height"]),
    "unknown model": ({"distortion_model": "fancy"}, ["'fancy'", "plumb_bob"]),
    "model by a typing error": ({"distortion_model": "plumb_bo"}, ["'plumb_bo'"]),
    "double sphere": ({"distortion_model": "double_sphere"}, ["'double_sphere'"]),
    "thin prism": ({"distortion_model": "thin_prism"}, ["'thin_prism'"]),
    "distortion NaN": ({"d": [NAN, 0.0, 0.0, 0.0, 0.0]}, ["nan"]),
    "distortion infinite": ({"d": [0.0, INF, 0.0, 0.0, 0.0]}, ["inf"]),
    "plumb_bob of eight": ({"d": [0.1] * 8}, ["0.1", "5"]),
    "equidistant of five": ({"distortion_model": "equidistant", "d": [0.1] * 5}, ["4"]),
    "rational of twelve": ({"distortion_model": "rational_polynomial", "d": [0.1] * 12}, ["8"]),
    "roi beyond the right": ({"roi": (40, 0, 40, 48)}, ["40 x 48", "leaves"]),
    "roi below": ({"roi": (0, 40, 64, 48)}, ["64 x 48", "leaves"]),
    "roi far outside": ({"roi": (4_000_000_000, 0, 10, 10)}, ["4000000000"]),
    "binned to nothing": ({"binning_x": 1000, "binning_y": 1000}, ["0 x 0"]),
    "binned to nothing in y": ({"binning_y": 100}, ["x 0"]),
    "another aspect ratio": ({"width": 64, "height": 64}, ["64 x 64", "64 x 48"]),
    "a cropped picture": ({"width": 128, "height": 48}, ["128 x 48", "cropped"]),
    "roi that the image does not have": ({"roi": (0, 0, 32, 48)}, ["32 x 48"]),
}


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_a_broken_calibration_is_refused(name):
    changes, words = CALIBRATIONS[name]
    message = info_from_camera(CameraModel.from_fov(WIDTH, HEIGHT, 56.0), HEADER)
    for field, value in changes.items():
        if field == "roi":
            roi = message.roi
            roi.x_offset, roi.y_offset, roi.width, roi.height = value
        else:
            setattr(message, field, value)
    refused(ValueError, words, lambda: fit_to_image(camera_from_info(message), WIDTH, HEIGHT))


# ---- parameters: every field x every wrong value


def wrong_values():
    for settings in (NodeSettings(), PipelineSettings()):
        yield from _wrong_values(settings, settings, "")


def _wrong_values(whole, settings, prefix):
    for item in fields(settings):
        current, name = getattr(settings, item.name), prefix + item.name
        if is_dataclass(current):
            yield from _wrong_values(whole, current, f"{name}.")
            continue
        for value in _wrong(current, item.metadata):
            yield pytest.param(whole, name, value, id=f"{name}={value!r}")


def _wrong(current, meta):
    low, high = meta.get("minimum"), meta.get("maximum")
    if isinstance(current, bool):
        return [1, "yes"]
    if isinstance(current, tuple):
        return ["text", 5, [1, 2]]
    if isinstance(current, str):
        return [3] + (["nonsense", ""] if meta.get("choices") else [])
    outside = [bound for bound in (low is not None and low - 1, high is not None and high + 1) if bound is not False]
    if isinstance(current, float):
        return [*map(float, outside), NAN, INF, -INF, "fast", True]
    return [*outside, "many", True]


@pytest.mark.parametrize(("settings", "name", "value"), list(wrong_values()))
def test_a_wrong_parameter_value_is_refused(settings, name, value):
    shown = repr(list(value)) if isinstance(value, list) else str(value)
    change = [Parameter(name, value=value)]
    refused(parameters.ParameterRefusedError, [name.split(".")[-1], shown], parameters.updated, settings, change)


# ---- services


@pytest.mark.parametrize("value", [NAN, INF, -INF, 0.0, -0.09, 0.019, 0.201, 9.0, 90.0])
@pytest.mark.parametrize("method", [0, 1, 2])
def test_a_wrong_length_is_refused(method, value):
    request = SetHandScale.Request(method=method, length_m=value)
    if method == 2 and value == 0.201:
        assert requested_scale(request).source == "user"  # a long hand, but a hand
        return
    refused(ValueError, [f"{value:g}"], requested_scale, request)


@pytest.mark.parametrize("value", [NAN, INF, -0.001])
@pytest.mark.parametrize(("method", "length"), [(0, 0.09), (1, 0.11), (2, 0.19)])
def test_a_wrong_deviation_is_refused(method, length, value):
    request = SetHandScale.Request(method=method, length_m=length, stddev_m=value)
    refused(ValueError, [f"{value:g}"], requested_scale, request)


@pytest.mark.parametrize("method", [4, 100, 255])
def test_an_unknown_method_is_refused(method):
    refused(ValueError, [f"method {method}"], requested_scale, SetHandScale.Request(method=method, length_m=0.09))
    refused(ValueError, [f"method {method}"], requested_measurement, CalibrateHandScale.Request(method=method))


@pytest.mark.parametrize("side", [3, 100, 255])
def test_an_unknown_side_is_refused(side):
    refused(ValueError, [f"side {side}"], requested_side, side)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"distance_m": value}, [f"{value:g}", "0.1 to 3"]) for value in (NAN, INF, -0.5, 0.0, 0.05, 3.5, 600.0)]
    + [({"distance_m": 0.5, "frames": value}, [str(value), "300"]) for value in (301, 2**32 - 1)]
    + [({"distance_m": 0.5, "timeout_s": value}, [str(value), "seconds"]) for value in (NAN, INF, -1.0, 1e6)],
)
def test_a_wrong_calibration_request_is_refused(fields, words):
    refused(ValueError, words, requested_measurement, CalibrateHandScale.Request(**fields))


# ---- a live node, over DDS

LIVE_IMAGES = [(encoding, defect) for encoding in ("rgb8", "nv12", "yuv422") for defect in IMAGE_DEFECTS]


@pytest.mark.ros
def test_a_live_node_survives_all_that_and_still_answers_a_good_image(live, wait):
    bench = live(image_transport="raw")
    hands = bench.hands()
    counts = bench.node._cameras[""].counts
    bad = [spoilt(good_image(encoding), IMAGE_DEFECTS[defect][0]) for encoding, defect in LIVE_IMAGES]
    for encoding in UNSUPPORTED:
        message = good_image("rgba8")
        message.encoding = encoding.replace("\x00", "")
        bad.append(message)
    for n, message in enumerate(bad):
        message.header = bench.header()
        bench.send(message, "image")
        wait(lambda n=n: counts.bad == n + 1)
    assert not hands
    bench.send_image(2)
    wait(lambda: hands)
    assert len(hands[0].hands) == 2


@pytest.mark.ros
def test_a_live_node_survives_broken_files_and_calibrations(live, wait):
    bench = live(image_transport="compressed")
    hands, counts = bench.hands(), bench.node._cameras[""].counts
    for n, (data, _) in enumerate(FILES.values()):
        bench.send(CompressedImage(header=bench.header(), format="jpeg", data=data), "image/compressed")
        wait(lambda n=n: counts.bad == n + 1)
    calibration = bench.node._cameras[""]._calibration
    for n, (changes, _) in enumerate(CALIBRATIONS.values()):
        info = info_from_camera(CameraModel.from_fov(WIDTH, HEIGHT, 56.0), bench.header(str(n)))
        for field, value in changes.items():
            if field != "roi":
                setattr(info, field, value)
        bench.send(info, "camera_info")
        wait(lambda n=n: calibration._message is not None and calibration._message.header.frame_id == str(n))
        bench.send(CompressedImage(header=bench.header(), format="png", data=PNG), "image/compressed")
        wait(lambda n=n: len(hands) == n + 1)
        assert hands[-1].calibrated is ("roi" in changes)
    bench.calibrate(CameraModel.from_fov(WIDTH, HEIGHT, 56.0))
    assert isinstance(bench.send_info(), CameraInfo)
    wait(lambda: calibration._message.header.frame_id == "camera")
    bench.send(CompressedImage(header=bench.header(), format="png", data=PNG), "image/compressed")
    wait(lambda: hands[-1].calibrated and len(hands) == len(CALIBRATIONS) + 1)


@pytest.mark.ros
def test_a_live_node_refuses_wrong_parameters_and_goes_on(live, wait):
    bench = live()
    hands = bench.hands()
    cases = [case.values for case in wrong_values()][::5]
    cases += [(None, name, 5) for name in ("cameras", "model", "publish_tf")]
    for _, name, value in cases:
        result = bench.set(**{name: value})
        assert not result.successful, (name, value)
        assert result.reason
    bench.send_image()
    wait(lambda: hands)


def test_there_are_at_least_two_hundred_kinds():
    images = len(ENCODINGS) * len(IMAGE_DEFECTS) + len(UNSUPPORTED)
    assert images + len(FILES) + len(CALIBRATIONS) + len(list(wrong_values())) >= 400
    assert isinstance(image_message(np.zeros((HEIGHT, WIDTH, 3), np.uint8), HEADER), Image)
