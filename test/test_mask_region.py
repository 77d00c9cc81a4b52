import numpy as np
import pytest

from hand_pose_ros.mask_region import mask_candidates, regions


def drawn(*parts, size=100, value=0.9):
    """A mask with rectangles (top, bottom, left, right) of ``value``."""
    mask = np.zeros((size, size), np.float32)
    for top, bottom, left, right in parts:
        mask[top:bottom, left:right] = value
    return mask


def test_box_score_and_axis_of_one_region():
    mask = drawn((20, 60, 30, 50))
    mask[20, 30] = 0.5
    [score], [box], [axis] = mask_candidates(mask, {})
    assert box == pytest.approx([0.4, 0.4, 0.2, 0.4])
    assert score == pytest.approx((799 * 0.9 + 0.5) / 800)
    assert axis == pytest.approx(np.array([[0.4, 0.6], [0.4, 0.2]]))  # wrist below, middle MCP above


def test_two_hands_are_two_candidates_the_larger_first():
    scores, boxes, _ = mask_candidates(drawn((0, 10, 0, 10), (50, 90, 50, 70)), {})
    assert len(scores) == 2
    assert boxes[:, 2].tolist() == pytest.approx([0.2, 0.1])


@pytest.mark.parametrize(("gap", "count"), [(0, 2), (2, 2), (4, 1), (10, 1)])
def test_regions_grow_over_gaps_of_at_most_the_given_width(gap, count):
    # Four background columns between the two.
    labels = regions(drawn((10, 20, 10, 20), (10, 20, 24, 30)), gap=gap)
    assert labels.max() == count
    assert ((labels > 0) == (drawn((10, 20, 10, 20), (10, 20, 24, 30)) > 0)).all()  # growth adds no pixel


def test_a_broken_skeleton_is_one_hand_with_the_default_gap():
    mask = drawn(*[(top, top + 4, 48, 51) for top in range(20, 60, 6)])
    assert len(mask_candidates(mask, {})[0]) == 1
    assert len(mask_candidates(mask, {"mask_gap": 1e-6})[0]) == 7


def test_too_few_pixels_are_no_hand():
    mask = drawn((10, 12, 10, 12))  # 4 of 10,000
    assert len(mask_candidates(mask, {"mask_least": 0.0005})[0]) == 0
    assert len(mask_candidates(mask, {"mask_least": 0.0004})[0]) == 1


def test_threshold_and_odd_values():
    assert len(mask_candidates(drawn((10, 30, 10, 30), value=0.4), {})[0]) == 0
    assert len(mask_candidates(drawn((10, 30, 10, 30), value=0.4), {"mask_threshold": 0.3})[0]) == 1
    scores, boxes, axes = mask_candidates(np.full((8, 8), np.nan), {})
    assert (scores.shape, boxes.shape, axes.shape) == ((0,), (0, 4), (0, 2, 2))
    [score], [box], _ = mask_candidates(np.ones((8, 8)), {})
    assert (score, box.tolist()) == (1, [0.5, 0.5, 1, 1])
