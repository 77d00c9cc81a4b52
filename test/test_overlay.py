import time
from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.hand import PREDICTED, HandPose
from hand_pose_ros.overlay import HELD_COLOUR, SIDE_COLOURS, draw_hands, label
from hand_pose_ros.region import hand_box


def pose(drawn, wrist=(320, 300), length=80, **fields):
    keypoints = drawn.points(wrist, (wrist[0], wrist[1] - length))
    hand = HandPose(
        handedness="right", handedness_score=0.95, score=0.91, box=hand_box(keypoints), keypoints_px=keypoints,
        keypoint_scores=np.ones(21), keypoint_stddev_px=np.ones(21), normalized_joints=drawn.template, id=3,
        joints_m=drawn.template + (0, 0, 0.5), joint_stddev_m=np.full((21, 2), 0.03),
    )  # fmt: skip
    return replace(hand, **fields)


def test_draws_on_a_copy_where_the_hand_is(drawn):
    image = drawn.blank()
    hand = pose(drawn)
    result = draw_hands(image, [hand])
    assert (image == 60).all()
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    changed = (result != image).any(axis=-1)
    for x, y in np.rint(hand.keypoints_px).astype(int):
        assert changed[y, x]
    rows, columns = np.nonzero(changed)
    corners = hand.box.corners_px()
    assert columns.min() > corners[:, 0].min() - 10
    assert rows.max() < corners[:, 1].max() + 10


def test_the_box_tells_the_side_and_held_hands_are_grey(drawn):
    for hand, colour in (
        (pose(drawn), SIDE_COLOURS["right"]),
        (pose(drawn, handedness="left"), SIDE_COLOURS["left"]),
        (pose(drawn, status=PREDICTED), HELD_COLOUR),
    ):
        x, y = np.rint(hand.box.corners_px()[[0, 3]].mean(axis=0)).astype(int)
        assert np.abs(draw_hands(drawn.blank(), [hand])[y, x].astype(int) - colour).max() < 40


def test_label():
    hand = HandPose("left", 0.6, 0.9, None, None, None, None, None, id=2)
    assert label(hand) == "2 left? 90 %"
    joints = np.full((21, 3), 0.5)
    assert label(replace(hand, joints_m=joints, joint_stddev_m=np.full((21, 2), 0.04))) == "2 left? 0.50 +- 0.04 m 90 %"
    assert label(replace(hand, id=-1, status=PREDICTED)) == "left? 90 % held"


def test_nothing_to_draw(drawn):
    image = drawn.blank()
    assert np.array_equal(draw_hands(image, []), image)
    assert not np.array_equal(draw_hands(image, [], "30 fps"), image)


@pytest.mark.parametrize("wrist", [(-5000, 100), (2, 2), (639, 479), (1e9, -1e9), (320, -200)])
@pytest.mark.parametrize("size", [(640, 480), (80, 60), (16, 16)])
def test_hands_partly_or_wholly_outside_and_tiny_images(drawn, wrist, size):
    assert draw_hands(drawn.blank(*size), [pose(drawn, wrist)], "text longer than the image").shape == (
        size[1],
        size[0],
        3,
    )


def test_readonly_images(drawn):
    image = drawn.blank()
    image.setflags(write=False)
    assert draw_hands(image, [pose(drawn)]).flags.writeable


def test_it_is_fast_at_720p(drawn):
    image, hands = drawn.blank(1280, 720), [pose(drawn, (400, 500)), pose(drawn, (800, 500))]
    best = np.inf
    for _ in range(20):
        started = time.perf_counter()
        draw_hands(image, hands, "30 fps")
        best = min(best, time.perf_counter() - started)
    assert best < 0.010  # 1.2 ms where it was written; tests share their machine
