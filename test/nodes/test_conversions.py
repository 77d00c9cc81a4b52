"""Image, calibration and hand messages to arrays and back."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import DETECTED, LEFT, PREDICTED, RIGHT, TRACKED
from hand_pose_ros.msg import HandPose, HandPoseArray
from hand_pose_ros.nodes.camera_info import camera_from_info, fit_to_image, info_from_camera, info_key
from hand_pose_ros.nodes.conversions import (
    ENCODINGS,
    ImageError,
    compressed_message,
    depth_from_image,
    hand_array_message,
    hand_from_message,
    hand_message,
    image_message,
    info_message,
    rgb_from_compressed,
    rgb_from_image,
    seconds,
    stamp,
)

HEADER = Header(stamp=Time(sec=7, nanosec=9), frame_id="camera")
WIDTH, HEIGHT = 48, 32
COLOUR = (200, 120, 40)  # red, green, blue: no two alike, so that every exchange of channels shows


def smooth_picture() -> np.ndarray:
    """A gradient around one colour, which chroma subsampling and demosaicing keep."""
    ramp = np.linspace(-20, 20, WIDTH)[None, :, None] + np.linspace(-10, 10, HEIGHT)[:, None, None]
    return np.clip(np.array(COLOUR) + ramp, 0, 255).astype(np.uint8)


def encoded(rgb, encoding) -> np.ndarray:
    """The bytes (rows, row length) of a picture in an encoding, made without the code under test."""
    conversions = {
        "rgb8": None, "bgr8": cv2.COLOR_RGB2BGR, "8uc3": cv2.COLOR_RGB2BGR, "rgba8": cv2.COLOR_RGB2RGBA,
        "bgra8": cv2.COLOR_RGB2BGRA, "8uc4": cv2.COLOR_RGB2BGRA, "mono8": cv2.COLOR_RGB2GRAY,
        "8uc1": cv2.COLOR_RGB2GRAY,
    }  # fmt: skip
    if encoding in conversions:
        pixels = rgb if conversions[encoding] is None else cv2.cvtColor(rgb, conversions[encoding])
        return pixels.reshape(HEIGHT, -1)
    if encoding.startswith("bayer"):
        return mosaic(rgb, encoding[6:10])
    return planes(rgb, encoding)


def mosaic(rgb, pattern) -> np.ndarray:
    """One colour a pixel; ``pattern`` reads the top-left 2 x 2 pixels row by row."""
    result = np.zeros((HEIGHT, WIDTH), np.uint8)
    for n, letter in enumerate(pattern):
        row, column = divmod(n, 2)
        result[row::2, column::2] = rgb[row::2, column::2, "rgb".index(letter)]
    return result


def planes(rgb, encoding) -> np.ndarray:
    """YUV of ITU-R BT.601 in video range, chroma of every second pixel."""
    y, u, v = np.moveaxis(rgb @ np.array([
        [0.257, -0.148, 0.439], [0.504, -0.291, -0.368], [0.098, 0.439, -0.071]
    ]) + (16, 128, 128), -1, 0)  # fmt: skip
    y, u, v = (np.rint(channel).astype(np.uint8) for channel in (y, u, v))
    if encoding in ("nv12", "nv21"):
        chroma = np.stack([u, v] if encoding == "nv12" else [v, u], axis=-1)[::2, ::2].reshape(HEIGHT // 2, -1)
        return np.vstack([y, chroma])
    packed = np.zeros((HEIGHT, WIDTH, 2), np.uint8)
    luma = 1 if encoding in ("yuv422", "uyvy") else 0
    packed[..., luma] = y
    packed[:, ::2, 1 - luma], packed[:, 1::2, 1 - luma] = u[:, ::2], v[:, ::2]
    return packed.reshape(HEIGHT, -1)


def as_message(rows, encoding, padding=0) -> Image:
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    return Image(
        header=HEADER, width=WIDTH, height=HEIGHT, encoding=encoding, step=padded.shape[1], data=padded.tobytes()
    )


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_the_same_picture(encoding, padding):
    picture = smooth_picture()
    rgb = rgb_from_image(as_message(encoded(picture, encoding), encoding, padding))
    assert rgb.shape == picture.shape
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    expected = picture
    if encoding in ("mono8", "8uc1"):
        expected = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    tolerance = 0 if encoding in ("rgb8", "bgr8", "8uc3", "rgba8", "bgra8", "8uc4", "mono8", "8uc1") else 6
    inside = np.s_[3:-3, 3:-3]  # demosaicing guesses at the edges
    assert np.abs(rgb[inside].astype(int) - expected[inside]).max() <= tolerance


@pytest.mark.parametrize("encoding", ["BGR8", " rgb8", "8UC3"])
def test_spelling_of_encodings_is_forgiven(encoding):
    assert rgb_from_image(as_message(encoded(smooth_picture(), encoding.strip().lower()), encoding)).shape[2] == 3


def test_big_endian_means_nothing_for_bytes_and_a_short_last_row_is_accepted():
    message = as_message(encoded(smooth_picture(), "rgb8"), "rgb8", padding=6)
    message.is_bigendian = 1
    message.data = message.data[:-6]
    np.testing.assert_array_equal(rgb_from_image(message), smooth_picture())


def test_after_dds_the_picture_is_the_same():
    message = image_message(smooth_picture(), HEADER, "bgr8")
    again = deserialize_message(serialize_message(message), Image)
    np.testing.assert_array_equal(rgb_from_image(again), smooth_picture())
    assert again.header == HEADER


def test_large_images_convert_without_a_pass_element_by_element():
    picture = np.zeros((720, 1280, 3), np.uint8)
    message = deserialize_message(serialize_message(image_message(picture, HEADER, "bgr8")), Image)
    begun = time.perf_counter()
    rgb_from_image(message)
    image_message(picture, HEADER)
    # Element by element takes 230 ms and more; both together take about 2 ms.
    assert time.perf_counter() - begun < 0.1


@pytest.mark.parametrize(("format", "tolerance"), [("png", 0), ("jpeg", 8)])
def test_compressed_round_trip(format, tolerance):
    message = compressed_message(smooth_picture(), HEADER, format, 95)
    assert format in message.format
    rgb = rgb_from_compressed(deserialize_message(serialize_message(message), CompressedImage))
    assert np.abs(rgb.astype(int) - smooth_picture()).max() <= tolerance


@pytest.mark.parametrize("kind", ["grey", "alpha", "16 bit", "padded jpeg", "rotated by exif"])
def test_compressed_variants(kind):
    picture = smooth_picture()
    pixels = {
        "grey": picture[..., 0], "alpha": np.dstack([picture, picture[..., :1]]), "16 bit": picture.astype("u2") * 257,
    }.get(kind, picture)  # fmt: skip
    name = ".jpg" if "jpeg" in kind or "exif" in kind else ".png"
    data = cv2.imencode(name, pixels)[1].tobytes()
    if kind == "padded jpeg":
        data += bytes(100)
    if kind == "rotated by exif":  # orientation 6: a viewer would turn it by 90 degrees
        exif = bytes.fromhex("ffe10022 457869660000 49492a0008000000 0100 1201 0300 01000000 06000000 00000000")
        data = data[:2] + exif + data[2:]
    rgb = rgb_from_compressed(CompressedImage(header=HEADER, format="whatever", data=data))
    assert rgb.shape == picture.shape


def test_depth_in_millimetres_and_metres_and_both_byte_orders():
    metres = np.array([[0.5, 0.0], [1.25, 2.0]] * 8, np.float32).repeat(8, axis=1)
    for encoding, kind, scale in (("16UC1", "u2", 1000.0), ("32FC1", "f4", 1.0)):
        for order in "<>":
            data = (metres * scale).astype(order + kind)
            message = Image(header=HEADER, width=16, height=16, encoding=encoding, step=16 * data.itemsize)
            message.is_bigendian, message.data = int(order == ">"), data.tobytes()
            depth = depth_from_image(message)
            np.testing.assert_allclose(depth, np.where(metres > 0, metres, np.nan), rtol=1e-6)
            assert depth.dtype == np.float32


def test_depth_refuses_colour():
    with pytest.raises(ImageError, match="rgb8"):
        depth_from_image(image_message(smooth_picture(), HEADER))


@pytest.mark.parametrize(
    ("model", "distortion"),
    [
        ("plumb_bob", (0.1, -0.2, 0.001, 0.002, 0.03)), ("equidistant", (0.1, 0.01, 0.0, 0.0)),
        ("rational_polynomial", (0.1, 0.2, 0.001, 0.0, 0.1, 0.2, 0.1, 0.05)), ("plumb_bob", ()),
    ],
)  # fmt: skip
def test_camera_info_round_trip(model, distortion):
    camera = CameraModel(640, 480, [[500, 0, 310], [0, 510, 250], [0, 0, 1]], distortion, model)
    message = deserialize_message(serialize_message(info_from_camera(camera, HEADER)), CameraInfo)
    again = camera_from_info(message)
    points = np.random.default_rng(0).uniform((-0.3, -0.3, 0.5), (0.3, 0.3, 1.0), (50, 3))
    np.testing.assert_allclose(again.project(points), camera.project(points))
    assert message.header == HEADER


def test_roi_and_binning_move_and_shrink_the_camera():
    message = info_from_camera(CameraModel.from_fov(640, 480, 70.0), HEADER)
    message.roi.x_offset, message.roi.y_offset, message.roi.width, message.roi.height = 100, 40, 400, 400
    message.binning_x = message.binning_y = 2
    camera = camera_from_info(message)
    assert (camera.width, camera.height) == (200, 200)
    point = np.array([0.05, 0.02, 0.6])
    u, v = camera_from_info(info_from_camera(CameraModel.from_fov(640, 480, 70.0), HEADER)).project(point)
    # Binning averages 2 x 2 pixels: the centre of binned pixel 0 is at 0.5 of the window.
    np.testing.assert_allclose(camera.project(point), ((u - 100 - 0.5) / 2, (v - 40 - 0.5) / 2))


def test_another_image_size_is_scaled_if_the_picture_is_the_same():
    camera = CameraModel.from_fov(640, 480, 70.0)
    assert fit_to_image(camera, 640, 480) == (camera, "")
    scaled, warning = fit_to_image(camera, 320, 240)
    assert "320 x 240" in warning
    assert scaled.intrinsics[0] == pytest.approx(camera.intrinsics[0] / 2)
    with pytest.raises(ValueError, match=r"640 x 480.*640 x 360"):
        fit_to_image(camera, 640, 360)


def test_the_header_does_not_make_another_camera():
    first, second = (info_from_camera(CameraModel.from_fov(640, 480, 70.0), HEADER) for _ in range(2))
    second.header = Header(frame_id="elsewhere")
    assert info_key(first) == info_key(second)
    second.d[0] = 0.1
    assert info_key(first) != info_key(second)


@pytest.mark.parametrize("metric", [True, False])
@pytest.mark.parametrize("handedness", [LEFT, RIGHT])
@pytest.mark.parametrize("status", [DETECTED, TRACKED, PREDICTED])
def test_hands_survive_the_round_trip(hand, metric, handedness, status):
    sent = hand(CameraModel.from_fov(64, 48, 70.0) if metric else None, handedness, status=status, id=12)
    message = deserialize_message(serialize_message(hand_message(sent, HEADER)), HandPose)
    got = hand_from_message(message)
    for name in ("handedness", "status", "id"):
        assert getattr(got, name) == getattr(sent, name)
    numbers = (
        "handedness_score",
        "score",
        "keypoints_px",
        "keypoint_scores",
        "keypoint_stddev_px",
        "normalized_joints",
    )
    for name in numbers:
        np.testing.assert_allclose(getattr(got, name), getattr(sent, name), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got.box.corners_px(), sent.box.corners_px(), atol=1e-4)
    assert message.header == HEADER
    assert message.metric is metric
    if metric:
        np.testing.assert_allclose(got.joints_m, sent.joints_m)
        np.testing.assert_allclose(got.joint_stddev_m, sent.joint_stddev_m, rtol=1e-5)
        assert got.hand_scale.source == "prior"
        assert got.hand_scale.mean_m == pytest.approx(sent.hand_scale.mean_m)
    else:
        assert got.joints_m is got.joint_stddev_m is got.hand_scale is None
        for field in (message.joints[0].x, message.joint_stddev_along[3], message.wrist_pose.position.z,
                      message.wrist_pose.orientation.w, message.hand_scale):  # fmt: skip
            assert np.isnan(field)


def test_the_wrist_s_quaternion_turns_x_onto_the_middle_knuckle(hand):
    message = hand_message(hand(CameraModel.from_fov(64, 48, 70.0)), HEADER)
    q = message.wrist_pose.orientation
    x_axis = np.array([1 - 2 * (q.y**2 + q.z**2), 2 * (q.x * q.y + q.z * q.w), 2 * (q.x * q.z - q.y * q.w)])
    joints = hand_from_message(message).joints_m
    forward = joints[9] - joints[0]
    np.testing.assert_allclose(x_axis, forward / np.linalg.norm(forward), atol=1e-9)


def test_joints_that_span_no_palm_have_a_wrist_without_orientation(hand):
    flat = hand(CameraModel.from_fov(64, 48, 70.0), joints_m=np.linspace(0.1, 0.2, 21)[:, None] * (1.0, 1.0, 1.0))
    message = hand_message(flat, HEADER)
    assert message.metric
    assert message.wrist_pose.position.x == pytest.approx(0.1)
    assert np.isnan(message.wrist_pose.orientation.w)


def test_metres_that_are_not_finite_are_no_metres(hand):
    camera = CameraModel.from_fov(64, 48, 70.0)
    joints = hand(camera).joints_m.copy()
    joints[4] = np.inf
    message = hand_message(hand(camera, joints_m=joints), HEADER)
    assert not message.metric
    assert np.isnan(message.joints[0].x)


def test_the_box_angle_stays_within_half_a_turn(hand):
    from hand_pose_ros.hand import OrientedBox

    message = hand_message(hand(box=OrientedBox((1.0, 2.0), (3.0, 4.0), 7.0)), HEADER)
    assert -np.pi <= message.box.angle <= np.pi
    assert np.cos(message.box.angle) == pytest.approx(np.cos(7.0))


def test_an_untracked_hand_has_id_0(hand):
    assert hand_message(hand(id=-1), HEADER).id == 0
    assert hand_from_message(hand_message(hand(id=-1), HEADER)).id == -1


def test_messages_of_hands_are_built_in_well_under_a_millisecond(hand):
    hands = [hand(CameraModel.from_fov(64, 48, 70.0), side) for side in (LEFT, RIGHT)]
    hand_array_message(hands, HEADER, 64, 48, True)
    taken = []
    for _ in range(20):
        begun = time.perf_counter()
        message = hand_array_message(hands, HEADER, 64, 48, True)
        taken.append(time.perf_counter() - begun)
    assert len(message.hands) == 2
    assert min(taken) < 2e-3  # 0.3 ms measured on an idle core
    assert isinstance(deserialize_message(serialize_message(message), HandPoseArray), HandPoseArray)


def test_info_names_the_joints_and_bones():
    message = info_message(HEADER, "some_model", "cpu", "1.2.3")
    assert len(message.joint_names) == 21
    assert message.bones.shape == (40,)
    assert (message.model, message.device, message.version) == ("some_model", "cpu", "1.2.3")


def test_stamps():
    assert seconds(Time(sec=3, nanosec=500_000_000)) == 3.5
    assert stamp(3.5) == Time(sec=3, nanosec=500_000_000)
    assert stamp(0.9999999999) == Time(sec=1, nanosec=0)
    for wrong in (-1.0, float("nan"), 2.0**31):
        with pytest.raises(ValueError, match=r"give finite seconds"):
            stamp(wrong)
