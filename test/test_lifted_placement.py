"""Metres from what a lifter says: exact where it is right, and deviations as wide as its errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, HandScale, Lift
from hand_pose_ros.hand_scale import scale_at_distance
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.lifted_placement import DISTANCE_WIDENING, by_distance, placement
from hand_pose_ros.root_depth import place
from hand_pose_ros.training.mean_hand import mean_hand

CAMERA = CameraModel.from_intrinsics(640, 480, (600.0, 610.0, 310.0, 250.0))
SCALE = HandScale(0.09, 0.004, "user")
SURE = Lift(1.0, 0.001, np.full((21, 2), 0.001), np.full(21, 0.0001))


def seen(place_m=(0.1, -0.05, 0.6), curl=0.4):
    """Joints in metres, their normalised pose, pixels, and a lift that is right."""
    joints = SCALE.mean_m * mean_hand(curl, 0.5, 0.3) + np.array(place_m)
    pose, scale = normalize(joints)
    joints = joints * (SCALE.mean_m / scale)
    lift = replace(SURE, distance=float(np.linalg.norm(joints[MIDDLE_MCP]) / SCALE.mean_m))
    return joints, pose, CAMERA.project(joints), lift


@pytest.mark.parametrize("place_m", [(0.0, 0.0, 0.5), (0.3, 0.2, 0.6), (-0.4, 0.1, 2.0)])
def test_a_lifter_that_is_right_gives_the_joints(place_m):
    joints, pose, pixels, lift = seen(place_m)
    found = by_distance(pose, pixels, lift, CAMERA, SCALE)
    np.testing.assert_allclose(found.joints_m, joints, atol=1e-9)
    np.testing.assert_allclose(found.normalized_joints, pose, atol=1e-9)


def test_the_size_scales_everything_but_the_pixels():
    _, pose, pixels, lift = seen()
    small, large = (by_distance(pose, pixels, lift, CAMERA, HandScale(m, 0.0, "user")) for m in (0.08, 0.1))
    np.testing.assert_allclose(large.joints_m, 1.25 * small.joints_m)
    np.testing.assert_allclose(CAMERA.project(large.joints_m), pixels, atol=1e-6)


def test_deviations_are_those_of_direction_distance_depth_and_size():
    joints, pose, pixels, lift = seen()
    lift = replace(lift, distance_stddev=0.05, centre_stddev=np.full(21, 0.01), joint_stddev=np.full((21, 2), 0.1))
    found = by_distance(pose, pixels, lift, CAMERA, SCALE)
    distances = np.linalg.norm(joints, axis=1)
    np.testing.assert_allclose(found.joint_stddev_m[:, 0], 0.01 * distances)
    relative = np.hypot(DISTANCE_WIDENING * 0.05, SCALE.stddev_m / SCALE.mean_m)
    np.testing.assert_allclose(found.joint_stddev_m[:, 1], np.hypot(relative * distances, 0.1 * SCALE.mean_m))


def test_stated_deviations_cover_simulated_errors():
    generator, inside = np.random.default_rng(0), []
    for _ in range(300):
        joints, pose, pixels, lift = seen((*generator.uniform(-0.2, 0.2, 2), generator.uniform(0.3, 1.5)))
        centre, relief, far = 0.01, 0.12, 0.05
        distance = lift.distance * np.exp(far * generator.normal())
        lift = Lift(distance, far / DISTANCE_WIDENING, np.full((21, 2), relief), np.full(21, centre))
        pixels = pixels + centre * 605.0 * generator.normal(size=(21, 2))
        ray = joints[MIDDLE_MCP] / np.linalg.norm(joints[MIDDLE_MCP])
        pose = pose + relief * generator.normal(size=(21, 1)) * ray * (np.arange(21) != MIDDLE_MCP)[:, None]
        size = HandScale(SCALE.mean_m * (1.0 + 0.04 * generator.normal()), 0.04 * SCALE.mean_m, "prior")
        found = by_distance(pose, pixels, lift, CAMERA, size)
        rays = found.joints_m / np.linalg.norm(found.joints_m, axis=1, keepdims=True)
        error = found.joints_m - joints
        along = (error * rays).sum(axis=1)
        across = np.linalg.norm(error - along[:, None] * rays, axis=1) / np.sqrt(2.0)
        inside.append([across <= found.joint_stddev_m[:, 0], np.abs(along) <= found.joint_stddev_m[:, 1]])
    covered = np.mean(inside, axis=(0, 2))
    assert 0.58 < covered[0] < 0.70  # 63 % of a circle's points lie within sqrt(2) deviations
    assert 0.60 < covered[1] < 0.76


def test_hands_around_the_camera_and_beyond_the_lens_are_refused():
    _, pose, pixels, lift = seen()
    with pytest.raises(ValueError, match="surround the camera"):
        by_distance(pose, pixels, replace(lift, distance=0.4), CAMERA, SCALE)
    with pytest.raises(ValueError, match="farther than 100"):
        by_distance(pose, pixels, replace(lift, distance=140.0), CAMERA, SCALE)
    with pytest.raises(ValueError, match="no ray"):
        by_distance(pose, pixels, replace(lift, distance=np.nan), CAMERA, SCALE)


def test_without_a_lift_the_bones_place_the_hand_and_with_one_both_do():
    _, pose, pixels, lift = seen()
    lift = replace(lift, distance=1.2 * lift.distance, distance_stddev=0.1)
    alone, bones = placement(pose, pixels, CAMERA, SCALE), place(pose, pixels, CAMERA, SCALE)
    np.testing.assert_array_equal(alone.joints_m, bones.joints_m)
    both, lifted = placement(pose, pixels, CAMERA, SCALE, lift), by_distance(pose, pixels, lift, CAMERA, SCALE)
    np.testing.assert_allclose(both.joints_m, 0.5 * (lifted.joints_m + bones.joints_m))
    np.testing.assert_array_equal(both.joint_stddev_m[:, 0], bones.joint_stddev_m[:, 0])
    np.testing.assert_array_equal(both.joint_stddev_m[:, 1], lifted.joint_stddev_m[:, 1])


def test_a_known_distance_answers_for_the_lifters_error_of_distance():
    joints, pose, pixels, lift = seen()
    wrong = replace(lift, distance=1.1 * lift.distance)
    scale = scale_at_distance(pose, pixels, CAMERA, float(joints[0, 2]), lift=wrong)
    found = placement(pose, pixels, CAMERA, scale, wrong)
    assert found.joints_m[0, 2] == pytest.approx(joints[0, 2])
    assert 0.93 < scale.mean_m / SCALE.mean_m < 0.97  # half of a tenth: the bones say otherwise
