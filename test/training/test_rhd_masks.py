"""Our segments in RHD's numbers."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.renderer.rhd_masks import rhd_mask

OURS = np.array([[0, 1, 2, 4, 5], [16, 14, 17, 19, 32]], np.uint8)  # 2 thumb's base, 4 its tip, 16 little finger's tip


def test_left_and_right_hands_have_rhds_numbers():
    assert rhd_mask(OURS, True).tolist() == [[0, 17, 4, 2, 7], [14, 16, 1, 0, 1]]
    assert rhd_mask(OURS, False).tolist() == [[0, 33, 20, 18, 23], [30, 32, 1, 0, 1]]


def test_a_batch_takes_a_side_for_each_image():
    both = rhd_mask(np.stack([OURS, OURS]), np.array([True, False]))
    assert np.array_equal(both[0], rhd_mask(OURS, True))
    assert np.array_equal(both[1], rhd_mask(OURS, False))


def test_every_part_of_both_hands_is_a_number_of_its_own():
    parts = np.arange(1, 17, dtype=np.uint8)[None]
    numbers = np.concatenate([rhd_mask(parts, side).ravel() for side in (True, False)])
    assert sorted(numbers) == list(range(2, 34))


def test_what_is_not_labelled_stays_unknown():
    assert rhd_mask(np.full((1, 1), 255, np.uint8), True)[0, 0] == 255
