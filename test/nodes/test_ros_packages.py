"""Which of two packages does a job, and that both do it right; the real ROS packages where they are installed."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

pytest.importorskip("rclpy")
from sensor_msgs.msg import Image

from hand_pose_ros.nodes import ros_packages
from hand_pose_ros.nodes.images import rgb_from_image

angles = st.floats(-np.pi, np.pi)


def bridge(convert, **members):
    """A module cv_bridge whose CvBridge converts an image (H, W, 3) with ``convert``."""
    made = SimpleNamespace(imgmsg_to_cv2=lambda message, encoding: convert(np.asarray(message.data), encoding))
    return module("cv_bridge", CvBridge=lambda: made, **members)


def module(name, **members):
    stub = ModuleType(name)
    vars(stub).update(members)
    return stub


@pytest.fixture
def chosen(monkeypatch):
    """Load ros_packages anew with these modules in place of the installed ones; None: not installed."""

    def load(**stubs):
        for name, stub in ({"cv_bridge": None, "tf_transformations": None} | stubs).items():
            monkeypatch.setitem(sys.modules, name.replace("__", "."), stub)
        spec = importlib.util.spec_from_file_location("ros_packages_anew", ros_packages.__file__)
        fresh = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fresh)
        return fresh

    return load


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_without_ros_packages_their_pip_counterparts_serve_silently(chosen, capfd):
    packages = chosen()
    assert (packages.IMAGE_CONVERTER, packages.QUATERNIONS) == ("rosbags-image", "transforms3d")
    assert capfd.readouterr().err == ""


def test_ros_packages_come_first(chosen, capfd):
    seen = []

    def convert(image, encoding):
        seen.append(encoding)
        return image[..., ::-1]

    def quaternion_from_matrix(matrix):
        assert matrix.shape == (4, 4)
        seen.append("matrix")
        return 0.0, 0.5**0.5, 0.0, 0.5**0.5

    tf_transformations = module("tf_transformations", quaternion_from_matrix=quaternion_from_matrix)
    packages = chosen(cv_bridge=bridge(convert), tf_transformations=tf_transformations)
    assert (packages.IMAGE_CONVERTER, packages.QUATERNIONS) == ("cv_bridge", "tf_transformations")
    assert seen == ["rgb8", "matrix"]
    packages.rgb_from_message(SimpleNamespace(data=np.zeros((2, 2, 3), np.uint8)))
    assert packages.quaternion_from_matrix(np.eye(3))[1] == 0.5**0.5
    assert len(seen) == 4
    assert capfd.readouterr().err == ""


class Loud(ModuleType):
    """cv_bridge built for NumPy 1: NumPy's complaint is printed, the import goes on, the first call is deadly."""

    def __getattr__(self, name):
        if name != "CvBridge":
            raise AttributeError(name)
        print("A module that was compiled using NumPy 1.x cannot be run\nTraceback (most recent ...", file=sys.stderr)
        return lambda: SimpleNamespace(imgmsg_to_cv2=lambda *_: pytest.fail("this call ends the process"))


BROKEN = {
    "first call fails": (bridge(raising(ImportError("numpy.core.multiarray failed"))), "multiarray failed"),
    "wrong colours": (bridge(lambda image, _: image), "Not equal"),
    "built for numpy 1": (Loud("cv_bridge"), "compiled using NumPy 1.x"),
    "half installed": (module("cv_bridge"), "CvBridge"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_cv_bridge_is_left_out_with_one_line(chosen, capfd, fault):
    stub, reason = BROKEN[fault]
    packages = chosen(cv_bridge=stub)
    assert packages.IMAGE_CONVERTER == "rosbags-image"
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert "cv_bridge" in lines[0]
    assert reason in lines[0]


def test_a_quaternion_in_another_order_is_noticed(chosen, capfd):
    stub = module("tf_transformations", quaternion_from_matrix=lambda _: (0.5**0.5, 0.0, 0.5**0.5, 0.0))
    assert chosen(tf_transformations=stub).QUATERNIONS == "transforms3d"
    assert "tf_transformations" in capfd.readouterr().err


def test_where_no_image_converter_works_the_error_says_what_to_install(chosen):
    with pytest.raises(ImportError, match=r"rosbags-image.*pip install --upgrade rosbags-image"):
        chosen(rosbags__image=None)


def test_a_transforms3d_too_old_for_numpy_is_to_be_upgraded(chosen):
    stub = module("transforms3d.quaternions", mat2quat=raising(AttributeError("numpy has no attribute 'float'")))
    with pytest.raises(ImportError, match=r"attribute 'float'.*pip install --upgrade transforms3d"):
        chosen(transforms3d__quaternions=stub)


@settings(deadline=None)
@given(angles, angles, angles)
def test_quaternion_is_scipys(a, b, c):
    rotation = Rotation.from_euler("xyz", (a, b, c))
    ours, theirs = ros_packages.quaternion_from_matrix(rotation.as_matrix()), rotation.as_quat()
    assert ours[3] >= 0.0
    np.testing.assert_allclose(abs(ours @ theirs), 1.0, atol=1e-9)


def test_half_turns_have_quaternions():
    for axis in np.eye(3):
        quaternion = ros_packages.quaternion_from_matrix(2 * np.outer(axis, axis) - np.eye(3))
        np.testing.assert_allclose(np.abs(quaternion), (*axis, 0.0), atol=1e-12)


def test_one_quaternion_a_hand(monkeypatch):
    calls = []
    monkeypatch.setattr(ros_packages, "_xyzw", lambda rotation: calls.append(rotation) or (0.0, 0.0, 0.0, 1.0))
    turn = Rotation.from_euler("xyz", (0.1, 0.2, 0.3)).as_matrix()
    for _ in range(2):  # the hand's message, its transform
        assert ros_packages.quaternion_from_matrix(turn.copy()) == (0.0, 0.0, 0.0, 1.0)
    assert len(calls) == 1
    np.testing.assert_array_equal(calls[0], turn)


# Two rows of a red picture (BT.601: Y 81, U 90, V 240), by hand; nv12 and nv21 below.
RED = {
    "rgb8": "ff0000 ff0000 / ff0000 ff0000", "bgr8": "0000ff 0000ff / 0000ff 0000ff",
    "rgba8": "ff000080 ff000080 / ff000080 ff000080", "bgra8": "0000ff80 0000ff80 / 0000ff80 0000ff80",
    "yuv422": "5a 51 f0 51 / 5a 51 f0 51", "yuv422_yuy2": "51 5a 51 f0 / 51 5a 51 f0",
    "bayer_rggb8": "ff 00 / 00 00", "bayer_bggr8": "00 00 / 00 ff",
    "bayer_gbrg8": "00 00 / ff 00", "bayer_grbg8": "00 ff / 00 00",
}  # fmt: skip
SIDE = 16


def red(encoding) -> Image:
    if encoding in ("nv12", "nv21"):
        chroma = bytes.fromhex("5af0" if encoding == "nv12" else "f05a")
        data = b"\x51" * SIDE * SIDE + chroma * (SIDE * SIDE // 4)
    else:
        data = b"".join(bytes.fromhex(row) * (SIDE // 2) for row in RED[encoding].split("/")) * (SIDE // 2)
    rows = SIDE * 3 // 2 if encoding.startswith("nv") else SIDE
    return Image(width=SIDE, height=SIDE, encoding=encoding, step=len(data) // rows, data=data)


@pytest.mark.parametrize("encoding", [*RED, "nv12", "nv21"])
def test_a_red_picture_is_red(encoding):
    rgb = rgb_from_image(red(encoding))
    assert rgb.shape == (SIDE, SIDE, 3)
    assert rgb.flags.writeable
    assert np.abs(rgb[1:-1, 1:-1] - np.array([255, 0, 0])).max() <= 2


def test_grey_stays_grey():
    grey = Image(width=SIDE, height=SIDE, encoding="mono8", step=SIDE, data=bytes(range(256)))
    np.testing.assert_array_equal(rgb_from_image(grey), np.arange(256).reshape(SIDE, SIDE, 1).repeat(3, axis=2))


@pytest.mark.parametrize("big_endian", [0, 1])
@pytest.mark.parametrize("encoding", ["rgba8", "mono8", "yuv422", "bayer_grbg8"])
def test_padded_rows_and_byte_order_do_not_reach_the_libraries(encoding, big_endian):
    rng = np.random.default_rng(0)
    channels = {"rgba8": 4, "yuv422": 2}.get(encoding, 1)
    rows = rng.integers(0, 255, (SIDE, SIDE * channels), np.uint8)
    plain, padded = (Image(width=SIDE, height=SIDE, encoding=encoding) for _ in range(2))
    for message, extra in ((plain, 0), (padded, 3)):  # cv_bridge would round the step to whole pixels
        message.step = SIDE * channels + extra
        message.data = np.pad(rows, ((0, 0), (0, extra))).tobytes()
    padded.is_bigendian = big_endian
    np.testing.assert_array_equal(rgb_from_image(padded), rgb_from_image(plain))


@pytest.mark.parametrize("encoding", RED)
def test_the_real_cv_bridge_and_rosbags_image_agree(encoding):
    pytest.importorskip("cv_bridge")
    if ros_packages.IMAGE_CONVERTER != "cv_bridge":
        pytest.skip("this cv_bridge does not work with this NumPy")
    rng = np.random.default_rng(1)
    message = red(encoding)
    message.data = rng.integers(0, 255, len(message.data), np.uint8).tobytes()
    # Two versions of OpenCV in one process may round differently.
    difference = np.subtract(ros_packages._cv_bridge()(message), ros_packages._rosbags_image()(message), dtype=np.int16)
    assert np.abs(difference).max() <= 1


def test_the_real_tf_transformations_and_transforms3d_agree():
    pytest.importorskip("tf_transformations")
    turns = Rotation.random(20, np.random.default_rng(2)).as_matrix()
    assert ros_packages.QUATERNIONS == "tf_transformations"
    for turn in turns:
        np.testing.assert_allclose(ros_packages._tf_transformations()(turn), ros_packages._transforms3d()(turn))
