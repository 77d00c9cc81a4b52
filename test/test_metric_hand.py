"""Metres from a hand in an image: which pixels and which population mean they follow from."""

from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose, HandScale
from hand_pose_ros.hand_scale import JOINT_CENTRES_PRIOR, POPULATION_PRIOR, HandScales
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.metric_hand import pixels_of, placed, scale_of
from hand_pose_ros.region import hand_box
from hand_pose_ros.training.mean_hand import mean_hand

CAMERA = CameraModel.from_intrinsics(640, 480, (600.0, 600.0, 319.5, 239.5))


@pytest.fixture
def hand():
    joints = 0.09 * mean_hand() + [0.02, 0.03, 0.6]
    pixels = CAMERA.project(joints)
    return HandPose(
        handedness="right", handedness_score=0.9, score=0.9, box=hand_box(pixels), keypoints_px=pixels,
        keypoint_scores=np.ones(21), keypoint_stddev_px=np.ones(21), normalized_joints=normalize(joints)[0],
    )  # fmt: skip


def test_without_a_camera_there_are_no_metres(hand):
    assert placed(hand, None, HandScales()).joints_m is None


def test_metres_follow_from_the_keypoints(hand):
    result = placed(hand, CAMERA, HandScales())
    assert result.hand_scale == POPULATION_PRIOR
    np.testing.assert_allclose(CAMERA.project(result.joints_m), hand.keypoints_px, atol=3.0)


def test_metres_follow_from_the_joints_centres_where_a_lifter_says_them(hand):
    centres = hand.keypoints_px + [40.0, 0.0]
    result = placed(replace(hand, joint_centres_px=centres), CAMERA, HandScales())
    np.testing.assert_allclose(CAMERA.project(result.joints_m), centres, atol=3.0)
    np.testing.assert_array_equal(result.keypoints_px, hand.keypoints_px)
    np.testing.assert_array_equal(pixels_of(result), centres)


def test_the_population_has_another_mean_between_joints_centres(hand):
    lifted = replace(hand, joint_centres_px=hand.keypoints_px)
    assert scale_of(lifted, HandScales()) == JOINT_CENTRES_PRIOR
    assert placed(lifted, CAMERA, HandScales()).hand_scale == JOINT_CENTRES_PRIOR


def test_a_persons_own_scale_is_taken_as_it_is(hand):
    own = HandScale(0.085, 0.002, "user")
    lifted = replace(hand, joint_centres_px=hand.keypoints_px)
    assert scale_of(lifted, HandScales(own, own)) == scale_of(hand, HandScales(own, own)) == own


def test_keypoints_that_fix_no_position_leave_a_hand_without_metres(hand):
    result = placed(replace(hand, keypoints_px=np.full((21, 2), 100.0)), CAMERA, HandScales())
    assert result.joints_m is None
    assert result.hand_scale is None
