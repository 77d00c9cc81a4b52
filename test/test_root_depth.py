"""Root depth: exact without noise, as wide as its deviations say with noise, and refused where nothing is known."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandScale
from hand_pose_ros.kinematics import bone_lengths, normalize
from hand_pose_ros.root_depth import place, root_depth_closed_form, root_least_squares
from hand_pose_ros.skeleton_fit import LENGTH_STDDEV, LENGTHS, SIZE_STDDEV, TURN_STDDEV
from hand_pose_ros.training.mean_hand import mean_hand

CAMERA = CameraModel.from_fov(1280, 720, 70.0)
FISHEYE = CameraModel(1280, 960, [[400, 0, 640], [0, 400, 480], [0, 0, 1]], (0.02, -0.01, 0.0, 0.0), "equidistant")
SCALE = HandScale(0.09, 0.006, "prior")
turns = st.floats(-3.1, 3.1)
sideways = st.floats(-0.3, 0.3)


def seen(camera=CAMERA, curl=0.3, tilt=0.2, roll=0.1, at=(0.05, -0.03, 0.6), scale=SCALE):
    """Normalised joints, pixels and joints in metres of a mean hand before a camera."""
    joints = mean_hand(curl, tilt, roll) * scale.mean_m + at
    return normalize(joints)[0], camera.project(joints), joints


@settings(deadline=None)
@given(st.floats(0, 1.2), turns, turns, sideways, sideways, st.floats(0.25, 3.0))
def test_published_methods_are_exact_without_noise(curl, tilt, roll, x, y, z):
    pose, pixels, joints = seen(curl=curl, tilt=tilt, roll=roll, at=(x * z, y * z, z))
    rays = CAMERA.unproject(pixels)
    np.testing.assert_allclose(root_least_squares(pose, rays) * SCALE.mean_m, joints[9], atol=1e-7)
    np.testing.assert_allclose(root_least_squares(pose, rays, np.arange(1, 22.0)) * SCALE.mean_m, joints[9], atol=1e-7)
    # The pair's quadratic has two roots where the bone points at the camera; the far one is right when it is nearly
    # parallel to the image.
    if abs(tilt) < 0.5:
        depth = root_depth_closed_form(pose, rays) * SCALE.mean_m
        np.testing.assert_allclose(depth, z, rtol=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 1.2), turns, turns, sideways, sideways, st.floats(0.3, 2.0))
def test_place_finds_a_mean_hand(curl, tilt, roll, x, y, z):
    """Not exactly: the planar palm of the mean hand does not have all mean distances."""
    pose, pixels, joints = seen(curl=curl, tilt=tilt, roll=roll, at=(x * z, y * z, z))
    placed = place(pose, pixels, CAMERA, SCALE)
    assert np.linalg.norm(placed.joints_m - joints, axis=1).max() < 0.02 * z
    np.testing.assert_allclose(placed.normalized_joints, normalize(placed.joints_m)[0])
    assert (placed.joint_stddev_m > 0).all()
    assert (placed.joint_stddev_m[:, 1] >= 0.006 / 0.09 * np.linalg.norm(placed.joints_m, axis=1)).all()


@pytest.mark.parametrize("at", [(0.0, 0.0, 0.5), (0.55, -0.3, 0.5), (-0.7, 0.1, 0.4)])
def test_place_at_the_edge_of_a_fisheye(at):
    pose, pixels, joints = seen(FISHEYE, at=at)
    placed = place(pose, pixels, FISHEYE, SCALE)
    assert np.linalg.norm(placed.joints_m - joints, axis=1).max() < 0.01


def test_size_scales_everything():
    pose, pixels, _ = seen()
    small, large = (place(pose, pixels, CAMERA, HandScale(size, 0.0, "user")) for size in (0.06, 0.12))
    np.testing.assert_allclose(2.0 * small.joints_m, large.joints_m)
    np.testing.assert_allclose(2.0 * small.joint_stddev_m, large.joint_stddev_m)
    sure, unsure = (place(pose, pixels, CAMERA, HandScale(0.09, stddev, "user")) for stddev in (0.001, 0.009))
    np.testing.assert_allclose(sure.joint_stddev_m[:, 0], unsure.joint_stddev_m[:, 0])
    expected = np.linalg.norm(sure.joints_m, axis=1) ** 2 * (0.1**2 - (0.001 / 0.09) ** 2)
    np.testing.assert_allclose(unsure.joint_stddev_m[:, 1] ** 2 - sure.joint_stddev_m[:, 1] ** 2, expected)


def random_hand(generator, scale):
    """A hand of no one's proportions, and what a network like MediaPipe's says about it: pose, pixels, joints."""
    stretch = 1.0 + LENGTH_STDDEV / LENGTHS * generator.normal(size=len(LENGTHS))
    shape = mean_hand(generator.uniform(0, 0.8, 5), generator.uniform(-0.8, 0.8), generator.uniform(-3, 3), stretch)
    size = scale.mean_m + scale.stddev_m * generator.normal()
    joints = shape * size + np.array([0.1, 0.05, 1.0]) * generator.uniform(0.4, 1.0)
    pixels = CAMERA.project(joints) + 3.0 * generator.normal(size=(21, 2))
    pose = shape - shape.mean(axis=0)
    pose = pose + np.cross(TURN_STDDEV * generator.normal(size=3), pose)
    pose *= np.exp(0.5 * SIZE_STDDEV * generator.normal()) * np.array([1.0, 1.0, np.exp(0.2 * generator.normal())])
    for finger in range(5):  # tilted towards the camera or away from it
        pose[1 + 4 * finger : 5 + 4 * finger, 2] += 0.05 * generator.normal() * np.arange(4)
    return normalize(pose + generator.normal(size=(21, 3)) * (0.04, 0.04, 0.06))[0], pixels, joints


@pytest.mark.parametrize("scale", [SCALE, HandScale(0.09, 0.001, "user")])
def test_deviations_cover_the_errors(scale):
    """Monte Carlo: 60 to 76 % of the errors, across and along the rays, are within one deviation (normal: 68 %)."""
    generator = np.random.default_rng(5)
    within = []
    for _ in range(250):
        pose, pixels, joints = random_hand(generator, scale)
        placed = place(pose, pixels, CAMERA, scale, np.full(21, 3.0))
        rays = joints / np.linalg.norm(joints, axis=1, keepdims=True)
        error = placed.joints_m - joints
        along = np.einsum("ij,ij->i", error, rays)
        sideways = np.cross(rays, (0.0, 1.0, 0.0))
        across = np.einsum("ij,ij->i", error, sideways / np.linalg.norm(sideways, axis=1, keepdims=True))
        within.append(np.abs(np.stack([across, along], axis=-1)) < placed.joint_stddev_m)
    coverage = np.mean(within, axis=(0, 1))
    assert ((coverage > 0.60) & (coverage < 0.76)).all(), coverage


def test_place_beats_both_published_methods_on_noise():
    generator, scale = np.random.default_rng(6), HandScale(0.09, 0.001, "user")
    errors = []
    for _ in range(150):
        pose, pixels, joints = random_hand(generator, scale)
        rays = CAMERA.unproject(pixels)
        closed = (root_depth_closed_form(pose, rays) + pose[:, 2:]) * rays * scale.mean_m
        linear = (pose + root_least_squares(pose, rays)) * scale.mean_m
        placed = place(pose, pixels, CAMERA, scale, np.full(21, 3.0)).joints_m
        errors.append([np.linalg.norm(found - joints, axis=1).mean() for found in (closed, linear, placed)])
    closed, linear, placed = np.sqrt(np.nanmean(np.square(errors), axis=0))
    assert placed < 0.8 * linear
    assert linear < closed


def test_outliers_and_missing_keypoints():
    pose, pixels, joints = seen()
    spoiled = pixels.copy()
    spoiled[8] += (60.0, -40.0)
    spoiled[[3, 4, 20]] = np.nan
    placed = place(pose, spoiled, CAMERA, SCALE, np.full(21, 3.0))
    kept = [n for n in range(21) if n not in (3, 4, 8, 20)]
    assert np.linalg.norm(placed.joints_m - joints, axis=1)[kept].max() < 0.05
    assert placed.joint_stddev_m[4, 0] > 3 * placed.joint_stddev_m[9, 0]
    scores = np.where(np.arange(21) == 8, 0.05, 0.9)
    with_scores = place(pose, spoiled, CAMERA, SCALE, np.full(21, 3.0), scores).joints_m
    assert np.linalg.norm(with_scores - joints, axis=1).mean() < np.linalg.norm(placed.joints_m - joints, axis=1).mean()


def test_hands_without_a_position_are_refused():
    pose, pixels, _ = seen()
    few = np.where(np.arange(21)[:, None] < 5, pixels, np.nan)
    cases = {
        "5 usable keypoints": (pose, few),
        "0 usable keypoints": (pose, pixels * np.nan),
        "finite joints are needed": (pose * np.nan, pixels),
        "fix no position": (pose, np.full((21, 2), 300.0)),
        "farther than 100": (pose, 300.0 + (pixels - 300.0) / 50.0),
    }
    for message, (joints, points) in cases.items():
        with pytest.raises(ValueError, match=message):
            place(joints, points, CAMERA, SCALE)
    with pytest.raises(ValueError):
        place(pose, (pixels - 640) * 40 + 640, CAMERA, SCALE)  # a hand larger than its distance


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_anything_gives_finite_metres_or_an_error(seed):
    generator = np.random.default_rng(seed)
    pose = normalize(generator.normal(size=(21, 3)))[0]
    pixels = generator.uniform((0, 0), (1280, 720), (21, 2))
    try:
        placed = place(pose, pixels, CAMERA, SCALE)
    except ValueError:
        return
    assert np.isfinite(placed.joints_m).all()
    assert (placed.joints_m[:, 2] > 0.02).all()
    assert np.isfinite(placed.joint_stddev_m).all()


def test_closed_form_without_solution_is_nan():
    pose, pixels, _ = seen()
    rays = CAMERA.unproject(pixels)
    assert np.isnan(root_depth_closed_form(pose, np.broadcast_to(rays[:1], (21, 3))))
    assert np.isnan(root_least_squares(pose, np.full((21, 3), np.nan))).all()


def test_place_takes_about_a_millisecond():
    """A guard against a slip of ten times; docs/geometry.md has the measured time."""
    pose, pixels, _ = seen()
    place(pose, pixels, CAMERA, SCALE)
    start = time.thread_time()
    for _ in range(20):
        place(pose, pixels, CAMERA, SCALE)
    assert (time.thread_time() - start) / 20 < 0.015


def test_bones_stay_those_of_the_mean_hand():
    """The fit repairs a palm that a network shows too short, which least squares would take for distance."""
    pose, pixels, joints = seen(tilt=0.0)
    short = normalize(pose * np.where(np.isin(np.arange(21), (0, 1, 5, 9, 13, 17))[:, None], 0.85, 1.0))[0]
    placed = place(short, pixels, CAMERA, SCALE)
    linear = (short + root_least_squares(short, CAMERA.unproject(pixels))) * SCALE.mean_m
    assert abs(placed.joints_m[9, 2] - joints[9, 2]) < 0.5 * abs(linear[9, 2] - joints[9, 2])
    np.testing.assert_allclose(bone_lengths(placed.joints_m), bone_lengths(joints), rtol=0.15)
