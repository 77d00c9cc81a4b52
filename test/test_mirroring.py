"""Mirrored pictures, calibrations and hands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import RIGHT, HandPose, OrientedBox
from hand_pose_ros.mirroring import mirrored_camera, mirrored_hand, mirrored_image

POINTS = np.random.default_rng(0).uniform((-0.2, -0.15, 0.6), (0.2, 0.15, 1.0), (40, 3))


@pytest.mark.parametrize(
    ("model", "distortion"),
    [
        ("plumb_bob", ()), ("plumb_bob", (0.1, -0.05, 0.01, -0.02, 0.01)), ("equidistant", (0.1, 0.02, -0.01, 0.0)),
        ("rational_polynomial", (0.2, 0.1, 0.01, 0.02, 0.01, 0.1, 0.05, 0.01)),
    ],
)  # fmt: skip
def test_the_mirrored_camera_sees_the_mirrored_world_in_the_mirrored_picture(model, distortion):
    camera = CameraModel(640, 480, [[500, 0, 300], [0, 510, 250], [0, 0, 1]], distortion, model)
    expected = camera.project(POINTS) * (-1, 1) + (639, 0)
    np.testing.assert_allclose(mirrored_camera(camera).project(POINTS * (-1, 1, 1)), expected, atol=1e-9)


def test_twice_is_nothing():
    camera = CameraModel(640, 480, [[500, 0, 300], [0, 510, 250], [0, 0, 1]], (0.1, 0.0, 0.01, 0.02), "plumb_bob")
    again = mirrored_camera(mirrored_camera(camera))
    np.testing.assert_allclose(again.project(POINTS), camera.project(POINTS))
    image = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    np.testing.assert_array_equal(mirrored_image(mirrored_image(image)), image)
    assert mirrored_image(image).flags.c_contiguous


def test_keypoints_and_box_move_side_and_metres_stay():
    joints, pixels = POINTS[:21], np.random.default_rng(1).uniform(0, 60, (21, 2))
    box = OrientedBox((10.0, 20.0), (8.0, 6.0), 0.3)
    hand = HandPose(RIGHT, 0.9, 0.9, box, pixels, np.ones(21), np.ones(21), joints, pixels + 1.0, joints)
    got = mirrored_hand(hand, 64)
    np.testing.assert_allclose(got.keypoints_px, pixels * (-1, 1) + (63, 0))
    np.testing.assert_allclose(got.joint_centres_px, (pixels + 1.0) * (-1, 1) + (63, 0))
    # The same four corners, mirrored; left and right ones exchange their places.
    np.testing.assert_allclose(got.box.corners_px()[[1, 0, 3, 2]], box.corners_px() * (-1, 1) + (63, 0))
    assert got.handedness == RIGHT
    assert got.joints_m is joints
    assert mirrored_hand(replace(hand, joint_centres_px=None), 64).joint_centres_px is None
    assert hand.keypoints_px is pixels
