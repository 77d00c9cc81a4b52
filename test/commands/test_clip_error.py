"""The error of a run on a clip with ground truth, from a bag as recorder_node writes it."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import Point
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo

from hand_pose_ros.commands._clip_error import NoTruthError, clip_error, has_truth
from hand_pose_ros.commands._run_report import error_rows
from hand_pose_ros.msg import HandPose, HandPoseArray, Pixel
from hand_pose_ros.nodes.bag import Bag

FRAMES = 3
KEYPOINTS = np.random.default_rng(0).uniform(100, 200, (21, 2))
JOINTS = np.random.default_rng(1).normal(0, 0.05, (21, 3)) + (0, 0, 0.5)


@pytest.fixture
def clip(tmp_path):
    hand = {"side": "right", "keypoints_px": KEYPOINTS.tolist(), "joints_m": JOINTS.tolist()}
    outside = hand | {"keypoints_px": (KEYPOINTS + 600).tolist()}
    truth = {
        "schema": "hand_pose_ros/clip/1",
        "width": 640,
        "height": 480,
        "frames": [{"hands": [hand, outside]}] * FRAMES,
    }
    (tmp_path / "clip.json").write_text(json.dumps(truth))
    return str(tmp_path / "clip.mp4")


def hand_message(joints=JOINTS, keypoints=KEYPOINTS, status=HandPose.STATUS_TRACKED) -> HandPose:
    message = HandPose(status=status, metric=True)
    message.joints = [Point(x=x, y=y, z=z) for x, y, z in joints.tolist()]
    message.keypoints = [Pixel(x=x, y=y) for x, y in keypoints.tolist()]
    return message


def bag_of(folder, hands_per_frame, cameras=FRAMES):
    bag = Bag(folder)
    bag.add_topic("/hands", "hand_pose_ros/msg/HandPoseArray", QoSProfile(depth=1))
    bag.add_topic("/camera_info", "sensor_msgs/msg/CameraInfo", QoSProfile(depth=1))
    for number in range(cameras):
        message = CameraInfo()
        message.header.stamp.sec = number + 1
        bag.write("/camera_info", number, serialize_message(message))
    for number, hands in hands_per_frame.items():
        message = HandPoseArray(hands=hands)
        message.header.stamp.sec = number + 1
        bag.write("/hands", 100 + number, serialize_message(message))
    bag.close()
    return folder


def test_perfect_hands_have_no_error(clip, tmp_path):
    error = clip_error(clip, bag_of(tmp_path / "bag", {n: [hand_message()] for n in range(FRAMES)}))
    assert (error["true_hands"], error["found_hands"]) == (3, 3)
    assert max(error["error_2d"], error["absolute_mm"], error["relative_mm"]) < 1e-3


def test_a_displaced_hand_is_off_by_its_displacement(clip, tmp_path):
    moved = hand_message(JOINTS + (0, 0.003, 0.004))
    error = clip_error(clip, bag_of(tmp_path / "bag", {0: [moved], 1: []}))
    assert (error["true_hands"], error["found_hands"]) == (2, 1)
    assert error["absolute_mm"] == pytest.approx(5.0, abs=1e-3)
    assert error["relative_mm"] < 1e-3


def test_held_and_far_hands_do_not_count(clip, tmp_path):
    held, far = hand_message(status=HandPose.STATUS_PREDICTED), hand_message(keypoints=KEYPOINTS + 300)
    error = clip_error(clip, bag_of(tmp_path / "bag", {0: [held], 1: [far]}))
    assert error["found_hands"] == 0
    assert error["absolute_mm"] is None
    assert [name for name, _ in error_rows({"error": error})] == ["true hands"]


def test_frames_that_cannot_be_numbered_are_not_measured(clip, tmp_path):
    with pytest.raises(NoTruthError, match="2 of 3 frames"):
        clip_error(clip, bag_of(tmp_path / "bag", {0: [hand_message()]}, cameras=2))
    with pytest.raises(NoTruthError, match="cannot be read"):
        clip_error(clip, tmp_path / "nothing")


def test_only_clips_with_their_truth_beside_them_are_measured(clip, tmp_path):
    (tmp_path / "other.json").write_text('{"schema": "something else"}')
    assert has_truth(clip)
    assert not any(map(has_truth, (str(tmp_path / "other.mp4"), str(tmp_path / "none.mp4"), "0", str(tmp_path))))


def test_the_summary_tells_the_error_or_why_there_is_none():
    error = {"true_hands": 4, "found_hands": 3, "error_2d": 0.04, "absolute_mm": 25.94, "relative_mm": 11.5}
    assert "25.9 mm absolute" in dict(error_rows({"error": error}))["measured error"]
    assert error_rows({"error_not_measured": "why"}) == [("measured error", "none: why")]
    assert error_rows({}) == []
