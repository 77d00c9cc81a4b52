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


def test_other_files(tmp_path):
    (tmp_path / "list.yaml").write_text("[1, 2]")
    with pytest.raises(ValueError, match="holds list: give a mapping"):
        read_calibration(tmp_path / "list.yaml")
    (tmp_path / "image.yaml").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match="is no YAML file"):
        read_calibration(tmp_path / "image.yaml")
    with pytest.raises(OSError):
        read_calibration(tmp_path / "missing.yaml")
