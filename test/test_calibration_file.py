"""Calibration files: there and back, as ROS writes them, and with every part missing or wrong."""

from __future__ import annotations

import pytest
import yaml

from hand_pose_ros.calibration_file import read_calibration, write_calibration
from hand_pose_ros.camera import CameraModel

ROS_FILE = """
image_width: 640
image_height: 480
camera_name: head_camera
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0.000000, 0.000000, 1.000000]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.999978, 0.002789, -0.006046, -0.002816, 0.999986, -0.004401, 0.006034, 0.004417, 0.999972]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.653800, 0.000000, 322.797939, 0.000000, 0.000000, 393.653800, 241.090902, 0.000000, 0.0, 0.0, 1.0, 0.0]
"""


def test_a_file_as_ros_writes_it(tmp_path):
    (tmp_path / "ost.yaml").write_text(ROS_FILE)
    camera = read_calibration(tmp_path / "ost.yaml")
    assert camera.intrinsics == (438.783367, 437.302876, 305.593336, 243.738352)
    assert camera.distortion == (-0.361976, 0.110510, 0.001014, 0.000505, 0.0)
    assert (camera.width, camera.height, camera.distortion_model) == (640, 480, "plumb_bob")


@pytest.mark.parametrize(
    ("model", "distortion"), [("plumb_bob", ()), ("rational_polynomial", (0.1,) * 8), ("equidistant", (0.01, 0, 0, 0))]
)
def test_there_and_back(tmp_path, model, distortion):
    camera = CameraModel(640, 480, CameraModel.from_fov(640, 480, 70).matrix, distortion, model)
    write_calibration(tmp_path / "camera.yaml", camera, "left")
    back = read_calibration(tmp_path / "camera.yaml")
    assert (back.intrinsics, back.coefficients) == (camera.intrinsics, camera.coefficients)
    content = yaml.safe_load((tmp_path / "camera.yaml").read_text())
    assert content["camera_name"] == "left"
    for key in ("camera_matrix", "distortion_coefficients", "rectification_matrix", "projection_matrix"):
        assert content[key]["rows"] * content[key]["cols"] == len(content[key]["data"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image_width: 640", "", "image_width is missing"),
        ("image_width: 640", "image_width: wide", "image_width is 'wide'"),
        ("data: [438.783367,", "data: [", "give 9 numbers"),
        ("data: [438.783367,", "data: [zero,", "camera_matrix"),
        ("data: [438.783367,", "data: [0.0,", "focal lengths fx = 0.0"),
        ("distortion_coefficients:", "coefficients:", "distortion_coefficients is missing"),
        ("plumb_bob", "plum", "distortion model 'plum'"),
        ("plumb_bob", "[1]", "distortion_model is"),
        ("camera_name: head_camera", "camera_name: [", "is no YAML file"),
    ],
)
def test_damaged_files_are_named_with_the_reason(tmp_path, old, new, message):
    assert old in ROS_FILE
    (tmp_path / "ost.yaml").write_text(ROS_FILE.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        read_calibration(tmp_path / "ost.yaml")
    assert "ost.yaml" in str(error.value)


K = "data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0.000000, 0.000000, 1.000000]"


def with_k(data: str) -> bytes:
    assert K in ROS_FILE
    return ROS_FILE.replace(K, f"data: {data}").encode()


def changed(old: str, new: str) -> bytes:
    assert old in ROS_FILE
    return ROS_FILE.replace(old, new).encode()


BROKEN = {
    "empty": (b"", ["holds NoneType", "give a mapping"]),
    "blank": (b" \n\n", ["holds NoneType", "give a mapping"]),
    "a word": (b"hello", ["holds str", "give a mapping"]),
    "a number": (b"5", ["holds int", "give a mapping"]),
    "all bytes": (bytes(range(256)), ["is no YAML file", "give a file"]),
    "zeros": (bytes(100), ["is no YAML file", "give a file"]),
    "a tab": (b"a:\n\t- b", ["is no YAML file", "line 2", "give a file"]),
    "two documents": (b"---\na: 1\n---\nb: 2\n", ["is no YAML file", "give a file"]),
    "a thousand brackets": (b"[" * 20_000, ["is no YAML file", "give a file"]),
    "code": (b"!!python/object/apply:os.system ['true']", ["is no YAML file", "give a file"]),
    "utf-16": (ROS_FILE.encode("utf-16"), ["is no YAML file", "give a file"]),
    "cut off": (ROS_FILE.encode()[:120], ["is no YAML file", "give a file"]),
    "k of zeros": (with_k("[0, 0, 0, 0, 0, 0, 0, 0, 0]"), ["fx = 0.0", "calibrate the camera"]),
    "k of NaN": (with_k(str([".nan"] * 9).replace("'", "")), ["non-finite", "nan", "calibrate the camera"]),
    "k infinite": (changed("438.783367", ".inf"), ["non-finite", "inf", "calibrate the camera"]),
    "k negative": (changed("438.783367", "-438.0"), ["-438.0", "expected"]),
    "k beyond floats": (changed("438.783367", "1" + "0" * 400), ["camera_matrix", "give a list of numbers"]),
    "k 3 x 4": (with_k(str([1] * 12)), ["camera_matrix", "give 9 numbers"]),
    "k in rows": (with_k("[[1, 2, 3], [4, 5, 6], [7, 8, 9]]"), ["camera_matrix", "give 9 numbers"]),
    "k ragged": (with_k("[[1, 2], 3]"), ["camera_matrix", "give a list of numbers"]),
    "k nothing": (with_k(""), ["camera_matrix", "give 9 numbers"]),
    "k text": (with_k("fast"), ["'fast'", "give a list of numbers"]),
    "k absent": (changed("camera_matrix", "matrix"), ["camera_matrix is missing", "give a file"]),
    "distortion NaN": (changed("-0.361976", ".nan"), ["nan", "up to 5"]),
    "distortion of six": (changed("0.000505, 0.000000", "0.000505, 0.1, 0.1"), ["0.1", "up to 5"]),
    "no width": (changed("640", "0"), ["0 x 480", "give positive whole numbers"]),
    "negative width": (changed("640", "-640"), ["-640 x 480", "give positive whole numbers"]),
    "half a pixel": (changed("640", "640.5"), ["image_width is 640.5", "give a whole number"]),
    "true": (changed("640", "true"), ["image_width is True", "give a whole number"]),
    "no height": (changed("image_height: 480", ""), ["image_height is missing", "give a file"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_named_with_what_to_do(tmp_path, name):
    content, words = BROKEN[name]
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.yaml") as error:
        read_calibration(path)
    for word in words:
        assert word in str(error.value)


def test_other_files(tmp_path):
    (tmp_path / "list.yaml").write_text("[1, 2]")
    with pytest.raises(ValueError, match="holds list: give a mapping"):
        read_calibration(tmp_path / "list.yaml")
    (tmp_path / "image.yaml").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match="is no YAML file"):
        read_calibration(tmp_path / "image.yaml")
    with pytest.raises(OSError):
        read_calibration(tmp_path / "missing.yaml")
