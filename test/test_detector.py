import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_pose_ros.crop import crop_to_image, letterbox
from hand_pose_ros.detector import Candidates, decode, overlaps, read_candidates, suppress, upright_angle

CARD = {"box_scale": 2.6, "box_shift": [0.0, -0.5], "suppression": "weighted", "iou": 0.3}
BOX = st.tuples(*[st.floats(0, 1)] * 2, *[st.floats(0.01, 1)] * 2)


def candidates(*rows, right=None):
    """From (score, cx, cy, w, h); the axis points from the box's bottom to its top."""
    rows = np.array(rows, dtype=np.float64).reshape(-1, 5)
    x, y, h = rows[:, 1], rows[:, 2], rows[:, 4]
    axis = np.stack([np.stack([x, y + h / 2], -1), np.stack([x, y - h / 2], -1)], axis=1)
    return Candidates(rows[:, 0], rows[:, 1:], axis, right)


def test_weighted_suppression_averages_one_hands_candidates_by_score():
    found = suppress(
        candidates((0.6, 0.52, 0.5, 0.2, 0.2), (0.9, 0.5, 0.5, 0.2, 0.2), (0.8, 0.1, 0.1, 0.1, 0.1)), 0.3, True
    )
    assert found.score.tolist() == [0.9, 0.8]
    assert found.box[0, 0] == pytest.approx((0.9 * 0.5 + 0.6 * 0.52) / 1.5)
    assert found.axis[0, 0, 0] == pytest.approx((0.9 * 0.5 + 0.6 * 0.52) / 1.5)
    assert found.box[1].tolist() == [0.1, 0.1, 0.1, 0.1]


def test_hard_suppression_keeps_the_best():
    found = suppress(candidates((0.6, 0.52, 0.5, 0.2, 0.2), (0.9, 0.5, 0.5, 0.2, 0.2)), 0.3, False)
    assert found.box.tolist() == [[0.5, 0.5, 0.2, 0.2]]


def test_right_probability_goes_the_same_way():
    both = candidates((0.5, 0.5, 0.5, 0.2, 0.2), (0.5, 0.5, 0.5, 0.2, 0.2), right=np.array([0.2, 0.6]))
    assert suppress(both, 0.3, True).right == pytest.approx([0.4])
    assert decode(both, crop_to_image(letterbox(100, 100)), CARD, 0.1)[0].right_probability == pytest.approx(0.4)


@given(st.lists(BOX, min_size=1, max_size=6), st.lists(BOX, min_size=1, max_size=6))
def test_overlap_is_symmetric_and_one_with_itself(first, second):
    first, second = np.array(first), np.array(second)
    table = overlaps(first, second)
    assert np.allclose(table, overlaps(second, first).T)
    assert ((table >= 0) & (table <= 1 + 1e-9)).all()
    assert np.allclose(np.diag(overlaps(first, first)), 1)


@given(st.lists(st.tuples(st.floats(0.01, 1), BOX).map(lambda row: (row[0], *row[1])), max_size=20), st.booleans())
def test_what_is_kept_of_hard_suppression_does_not_overlap(rows, weighted):
    found = suppress(candidates(*rows), 0.3, weighted)
    assert len(found.score) <= len(rows)
    assert (len(found.score) > 0) == (len(rows) > 0)
    assert (np.diff(found.score) <= 0).all()
    if not weighted:
        table = overlaps(found.box, found.box) - np.eye(len(found.score))
        assert (table <= 0.3 + 1e-9).all()


@pytest.mark.parametrize(
    ("tip", "angle"), [((0, -1), 0), ((1, 0), np.pi / 2), ((-1, 0), -np.pi / 2), ((1, -1), np.pi / 4)]
)
def test_upright_angle_turns_clockwise(tip, angle):
    assert upright_angle(np.zeros(2), np.array(tip, dtype=float)) == pytest.approx(angle)


def test_an_upright_hand_in_a_landscape_image():
    # Box of 0.1 of the square in the middle of 1280 x 720: 128 px, shifted up by half, then 2.6 times as large.
    [found] = decode(candidates((0.8, 0.5, 0.5, 0.1, 0.08)), crop_to_image(letterbox(1280, 720)), CARD, 0.5)
    assert found.box.centre_px == pytest.approx((639.5, 359.5 - 0.5 * 0.08 * 1280))
    assert found.box.size_px == pytest.approx((2.6 * 128, 2.6 * 128))
    assert found.box.angle_rad == pytest.approx(0)
    assert found.score == 0.8
    assert found.right_probability is None


def test_a_hand_that_points_right_is_shifted_to_the_right():
    lying = Candidates(np.array([0.8]), np.array([[0.5, 0.5, 0.1, 0.1]]), np.array([[[0.45, 0.5], [0.55, 0.5]]]))
    [found] = decode(lying, crop_to_image(letterbox(200, 200)), CARD, 0.5)
    assert found.box.angle_rad == pytest.approx(np.pi / 2)
    assert found.box.centre_px == pytest.approx((99.5 + 10, 99.5))


def test_an_upright_crop_for_a_hand_that_points_right():
    lying = Candidates(np.array([0.8]), np.array([[0.5, 0.5, 0.1, 0.1]]), np.array([[[0.45, 0.5], [0.55, 0.5]]]))
    [found] = decode(lying, crop_to_image(letterbox(200, 200)), CARD | {"upright": True}, 0.5)
    assert found.box.angle_rad == 0
    assert found.box.centre_px == pytest.approx((99.5 + 10, 99.5))  # still moved towards its fingers


def test_a_mask_is_decoded_like_candidates():
    mask = np.zeros((2, 100, 100))
    mask[1, 20:40, 50:60] = 0.9
    card = {"box_scale": 1.5, "box_shift": [0.0, 0.0], "suppression": "hard", "iou": 0.3}
    affine = crop_to_image(letterbox(400, 300))
    assert decode(read_candidates({"mask": mask}, 0, card), affine, card, 0.5) == []
    [found] = decode(read_candidates({"mask": mask}, 1, card), affine, card, 0.5)
    assert found.box.centre_px == pytest.approx((0.55 * 400 - 0.5, 0.3 * 400 - 50.5))
    assert found.box.size_px == pytest.approx((1.5 * 80, 1.5 * 80))
    assert (found.box.angle_rad, found.score) == (0, pytest.approx(0.9))
    assert decode(read_candidates({"mask": mask}, 1, card), affine, card, 0.95) == []


def test_low_scores_nonsense_and_nothing():
    affine = crop_to_image(letterbox(100, 100))
    assert decode(candidates((0.49, 0.5, 0.5, 0.1, 0.1)), affine, CARD, 0.5) == []
    assert decode(candidates((0.9, np.nan, 0.5, 0.1, 0.1)), affine, CARD, 0.5) == []
    assert decode(candidates((0.9, 0.5, 0.5, -0.1, 0.1)), affine, CARD, 0.5) == []
    assert decode(candidates((np.nan, 0.5, 0.5, 0.1, 0.1)), affine, CARD, 0.5) == []
    assert decode(candidates(), affine, CARD, 0.5) == []
