import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_pose_ros.crop import crop_to_image, invert, rotation, square_box, transform
from hand_pose_ros.region import bounding_box, box_overlap, hand_box, hand_distance, pose_crop

ANGLES = st.floats(-3.1, 3.1)


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=10), ANGLES)
def test_bounding_box_holds_its_points(points, angle):
    box = bounding_box(np.array(points), angle)
    inside = transform(invert(crop_to_image(box)), np.array(points))
    assert (inside > -1e-6).all()
    assert (inside < 1 + 1e-6).all()


@given(ANGLES, st.floats(0.2, 5), st.floats(-300, 300), st.floats(-300, 300))
def test_pose_crop_follows_the_hand(angle, scale, x, y):
    keypoints, roi = HAND * 100, ROI
    first = pose_crop(keypoints, roi)
    moved = pose_crop(keypoints @ rotation(angle).T * scale + (x, y), roi)
    assert moved.size_px[0] == pytest.approx(first.size_px[0] * scale)
    assert np.cos(moved.angle_rad - first.angle_rad - angle) == pytest.approx(1)
    centre = rotation(angle) @ first.centre_px * scale + (x, y)
    assert np.allclose(moved.centre_px, centre, atol=1e-6)


def test_pose_crop_of_a_plain_hand():
    # Wrist (0, 0), knuckles above it: an upright box of the named keypoints, moved up by a tenth, doubled.
    keypoints = np.zeros((21, 2))
    keypoints[[5, 9, 13]] = [[10, -100], [0, -100], [-10, -100]]
    box = pose_crop(
        keypoints, {"keypoints": [0, 5, 13], "axis": {"from": [0], "to": [9]}, "scale": 2.0, "shift": [0, -0.1]}
    )
    assert box.size_px == (200, 200)
    assert box.centre_px == pytest.approx((0, -60))
    assert box.angle_rad == pytest.approx(0)


def test_pose_crop_without_an_axis_stays_upright():
    keypoints = HAND @ rotation(1.0).T * 100
    box = pose_crop(keypoints, {"keypoints": list(range(21)), "scale": 1.5, "shift": [0, 0]})
    assert box.angle_rad == 0
    assert box.size_px[0] == pytest.approx(1.5 * np.ptp(keypoints, axis=0).max())


def test_reported_box_holds_every_keypoint_with_a_margin():
    box = hand_box(HAND * 80 + 200)
    inside = transform(invert(crop_to_image(box)), HAND * 80 + 200)
    assert inside.min() > 0.05
    assert inside.max() < 0.95


def test_box_overlap():
    first = square_box((0, 0), 10)
    assert box_overlap(first, first) == pytest.approx(1)
    assert box_overlap(first, square_box((5, 0), 10)) == pytest.approx(50 / 150)
    assert box_overlap(first, square_box((20, 0), 10)) == 0


def test_hand_distance_is_in_hand_extents():
    points = HAND * 100
    extent = np.ptp(points, axis=0).max()
    assert hand_distance(points, points) == 0
    assert hand_distance(points, points + (extent, 0)) == pytest.approx(1)


ROI = {
    "keypoints": [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18], "axis": {"from": [0], "to": [5, 9, 9, 13]},
    "scale": 2.0, "shift": [0.0, -0.1],
}  # fmt: skip
HAND = np.random.default_rng(3).normal(0, 0.3, (21, 2)) + np.linspace([0, 0], [0, -2], 21)
