"""Scales from rulers, distances and depth images of hands whose scale is known; both hands; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandScale
from hand_pose_ros.hand_scale import (
    JOINT_CENTRES_PRIOR,
    POPULATION_PRIOR,
    HandScales,
    combine,
    scale_at_distance,
    scale_from_depth,
    scale_from_hand_length,
    scale_from_palm_length,
)
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.training.mean_hand import mean_hand

CAMERA = CameraModel.from_fov(640, 480, 65.0)


def seen(scale_m, depth_m, tilt=0.3):
    """A mean hand of ``scale_m``: normalised pose, keypoints, joints."""
    joints = mean_hand(tilt=tilt) * scale_m + (0.03, -0.02, depth_m)
    return normalize(joints)[0], CAMERA.project(joints), joints


def test_the_prior_is_a_hand():
    assert POPULATION_PRIOR.source == "prior"
    # ANSUR II: 5th percentile of women's hands to 95th of men's, 165 to 210 mm, times 0.99 / 1.94.
    assert POPULATION_PRIOR.mean_m - 2 * POPULATION_PRIOR.stddev_m < 0.165 * 0.51
    assert POPULATION_PRIOR.mean_m + 2 * POPULATION_PRIOR.stddev_m > 0.210 * 0.51
    assert scale_from_hand_length(0.1872).mean_m == pytest.approx(JOINT_CENTRES_PRIOR.mean_m)
    assert scale_from_palm_length(0.1126).mean_m == pytest.approx(JOINT_CENTRES_PRIOR.mean_m)
    assert scale_from_hand_length(0.1872).stddev_m < 0.6 * POPULATION_PRIOR.stddev_m


def test_rulers():
    longer = scale_from_palm_length(0.12)
    assert longer.mean_m == pytest.approx(0.12 / 0.1126 * 0.100)
    assert longer.source == "user"
    assert scale_from_palm_length(0.12, stddev_m=0.01).stddev_m > 2 * longer.stddev_m
    for length in (0.4, 0.02, np.nan):
        for call in (scale_from_palm_length, scale_from_hand_length):
            with pytest.raises(ValueError, match=f"length {length} m: give"):
                call(length)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.06, 0.12), st.floats(0.25, 1.2), st.floats(-0.6, 0.6))
def test_a_known_distance_gives_the_scale(scale_m, depth_m, tilt):
    pose, pixels, joints = seen(scale_m, depth_m, tilt)
    found = scale_at_distance(pose, pixels, CAMERA, joints[0, 2])
    assert found.mean_m == pytest.approx(scale_m, rel=5e-3)
    assert found.source == "calibrated"
    assert 0.01 * scale_m < found.stddev_m < 0.2 * scale_m


def depth_image(joints, pixels, skin_m=0.009):
    """Discs at the joints, ``skin_m`` nearer than their centres, before a wall at 3 m."""
    image = np.full((480, 640), 3.0)
    rows, columns = np.mgrid[:480, :640]
    for joint, (x, y) in zip(joints, pixels, strict=True):
        disc = np.hypot(columns - x, rows - y) < 6
        image[disc] = np.minimum(image[disc], joint[2] - skin_m)
    return image


def test_a_depth_image_gives_the_scale():
    pose, pixels, joints = seen(0.09, 0.5)
    found = scale_from_depth(pose, pixels, CAMERA, depth_image(joints, pixels))
    assert found.mean_m == pytest.approx(0.09, rel=0.02)
    assert abs(found.mean_m - 0.09) < 2 * found.stddev_m
    assert found.source == "depth"


def test_a_depth_image_with_holes_and_background():
    pose, pixels, joints = seen(0.09, 0.5)
    image = depth_image(joints, pixels)
    pixels = pixels.copy()
    pixels[4] += 15.0  # a thumb tip beside the hand: the wall
    image[tuple(np.rint(pixels[8:13, ::-1]).astype(int).T)] = 0.0
    image[:, 500:] = np.nan
    found = scale_from_depth(pose, pixels, CAMERA, image)
    assert found.mean_m == pytest.approx(0.09, rel=0.05)


def test_useless_depth_images_are_refused():
    pose, pixels, _ = seen(0.09, 0.5)
    for image in (np.zeros((480, 640)), np.full((480, 640), np.nan), np.full((480, 640), np.inf)):
        with pytest.raises(ValueError, match="only 0 of 21 keypoints have a depth"):
            scale_from_depth(pose, pixels, CAMERA, image)
    with pytest.raises(ValueError, match="aligned with the 640 x 480 image"):
        scale_from_depth(pose, pixels, CAMERA, np.ones((240, 320)))
    with pytest.raises(ValueError, match="uint16"):
        scale_from_depth(pose, pixels, CAMERA, np.ones((480, 640), np.uint16))
    with pytest.raises(ValueError, match="is not a hand's"):
        scale_from_depth(pose, pixels, CAMERA, np.full((480, 640), 5.0))
    for distance in (0.0, np.nan, 20.0):
        with pytest.raises(ValueError, match=f"distance {distance} m"):
            scale_at_distance(pose, pixels, CAMERA, distance)


def test_combining_frames():
    generator = np.random.default_rng(0)
    frames = [HandScale(0.09 + 0.002 * generator.normal(), 0.004, "depth") for _ in range(30)]
    outlier = HandScale(0.15, 0.004, "depth")
    found = combine([*frames, outlier])
    assert found.mean_m == pytest.approx(0.09, abs=0.001)
    assert 0.002 < found.stddev_m < 0.004  # errors that all frames share do not average away
    one = combine(iter(frames[:1]))
    assert (one.mean_m, one.stddev_m) == (frames[0].mean_m, pytest.approx(0.004))
    with pytest.raises(ValueError, match="no measurement"):
        combine([])


def test_both_hands():
    scales = HandScales()
    assert scales.of("left") is scales.of("right") is POPULATION_PRIOR
    mine = HandScale(0.1, 0.002, "user")
    left = scales.with_scale(mine, "left")
    assert left.of("left") is mine
    assert left.of("right") is POPULATION_PRIOR
    assert scales.with_scale(mine) == HandScales(mine, mine)
    with pytest.raises(ValueError, match="'middle'"):
        scales.of("middle")
    with pytest.raises(ValueError, match="'both'"):
        scales.with_scale(mine, "both")
