"""The shared vocabulary: keypoint order, bones, oriented boxes, hand scale."""

import math

import numpy as np
import pytest

from hand_pose_ros.hand import BONES, KEYPOINT_NAMES, HandScale, OrientedBox, opposite


def test_keypoints_run_from_the_wrist_finger_by_finger_to_the_tips():
    assert KEYPOINT_NAMES[0] == "wrist"
    assert [KEYPOINT_NAMES[i] for i in (4, 8, 12, 16, 20)] == [
        f"{finger}_tip" for finger in ("thumb", "index", "middle", "ring", "little")
    ]
    assert KEYPOINT_NAMES[9] == "middle_mcp"


def test_bones_form_a_tree_over_all_keypoints_with_finger_roots_at_the_wrist():
    assert [child for _, child in BONES] == list(range(1, 21))
    assert {child for parent, child in BONES if parent == 0} == {1, 5, 9, 13, 17}
    assert all(parent < child for parent, child in BONES)


def test_an_upright_box_has_its_corners_at_half_its_size():
    corners = OrientedBox((10.0, 20.0), (4.0, 6.0)).corners_px()
    np.testing.assert_allclose(corners, [[8, 17], [12, 17], [12, 23], [8, 23]])


def test_a_quarter_turn_clockwise_carries_the_top_of_the_box_to_the_right_of_the_image():
    corners = OrientedBox((0.0, 0.0), (2.0, 4.0), math.pi / 2).corners_px()
    np.testing.assert_allclose(corners[:2].mean(axis=0), [2.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("mean", [0.0, -0.1, math.nan, math.inf, 9.5])
def test_a_hand_scale_outside_of_human_size_is_refused_with_its_value(mean):
    with pytest.raises(ValueError, match=r"hand scale .* 0\.02 to 0\.2 metres"):
        HandScale(mean, 0.005, "user")


@pytest.mark.parametrize("stddev", [-1e-3, math.nan, 0.5])
def test_a_hand_scale_deviation_outside_of_sense_is_refused(stddev):
    with pytest.raises(ValueError, match="deviation"):
        HandScale(0.09, stddev, "user")


def test_the_other_side():
    assert (opposite("left"), opposite("right")) == ("right", "left")
