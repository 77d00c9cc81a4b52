"""Hands as TF frames."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import KEYPOINT_NAMES, LEFT, PREDICTED, RIGHT
from hand_pose_ros.kinematics import wrist_pose
from hand_pose_ros.nodes.ros_packages import BROADCASTER, TransformBroadcaster
from hand_pose_ros.nodes.transforms import hand_transforms, hands_for_tf, unusable

CAMERA = CameraModel.from_fov(64, 48, 70.0)
HEADER = Header(frame_id="camera_optical")


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_one_frame_a_joint_wrist_first(hand, side):
    pose = hand(CAMERA, side)
    sent = hand_transforms(pose, HEADER, "robot1/")
    assert [each.child_frame_id for each in sent] == [f"robot1/{side}_hand"] + [
        f"robot1/{side}_hand/{name}" for name in KEYPOINT_NAMES[1:]
    ]
    assert [each.header.frame_id for each in sent] == ["camera_optical"] + [f"robot1/{side}_hand"] * 20
    position, rotation = wrist_pose(pose.joints_m, side)
    moved = sent[8].transform.translation
    np.testing.assert_allclose(rotation @ (moved.x, moved.y, moved.z) + position, pose.joints_m[8])


def test_the_wrist_alone_on_request(hand):
    assert len(hand_transforms(hand(CAMERA), HEADER, joints=False)) == 1


def test_joints_without_a_palm_are_not_sent(hand):
    assert hand_transforms(hand(CAMERA, joints_m=np.ones((21, 3))), HEADER) == []


def test_only_trustworthy_hands_are_chosen_and_one_a_side(hand):
    best, worse = hand(CAMERA, RIGHT, score=0.9), hand(CAMERA, RIGHT, score=0.6)
    left = hand(CAMERA, LEFT, score=0.5)
    broken = hand(CAMERA, LEFT, score=1.0, joints_m=np.full((21, 3), np.nan))
    held, flat = hand(CAMERA, LEFT, score=1.0, status=PREDICTED), hand(None, LEFT, score=1.0)
    assert hands_for_tf([worse, best, left, broken, held, flat]) == [best, left]
    assert hands_for_tf([broken, held, flat]) == []


@pytest.mark.parametrize(
    ("frame", "seconds", "problem"),
    [("camera", 5, ""), ("a/b", 5, ""), ("", 5, "empty"), (" ", 5, "empty"), ("/a", 5, "slash"), ("a", 0, "stamp")],
)
def test_headers_that_tf2_refuses(frame, seconds, problem):
    told = unusable(Header(stamp=Time(sec=seconds), frame_id=frame))
    assert problem in told
    assert bool(told) is bool(problem)


def test_a_broadcaster_there_is():
    assert BROADCASTER in ("tf2_ros", "tf2_msgs")
    assert callable(TransformBroadcaster.sendTransform)
