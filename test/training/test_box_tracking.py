"""Boxes that are carried from labelled images to the others."""

import numpy as np
import pytest

from hand_pose_ros.training.box_tracking import carried_boxes, opencv_has_kcf
from hand_pose_ros.training.correlation_filter import CorrelationFilter

START, STEP, SIZE = np.array([60.0, 50.0]), np.array([3.0, -1.5]), (30, 36)


def sequence(count=12, seed=0, turn_grey=None):
    """A textured patch that moves over a textured background; from ``turn_grey`` on it is gone."""
    import cv2

    generator = np.random.default_rng(seed)

    def texture(height, width):
        noise = generator.uniform(0, 255, (height, width)).astype(np.float32)
        return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.5), None, 0, 255, cv2.NORM_MINMAX)

    background, patch, images = texture(140, 160) * 0.5, texture(SIZE[1], SIZE[0]), []
    for number in range(count):
        image = background.copy() if turn_grey is None or number < turn_grey else np.full_like(background, 128)
        if turn_grey is None or number < turn_grey:
            x, y = np.rint(START + number * STEP - np.array(SIZE) / 2).astype(int)
            image[y : y + SIZE[1], x : x + SIZE[0]] = patch
        images.append(np.repeat(image.astype(np.uint8)[..., None], 3, axis=2))
    return images


def truth(count=12):
    return START + np.arange(count)[:, None] * STEP


def test_a_moving_box_is_followed():
    boxes, tracked = carried_boxes(sequence(), {0: (*START, *SIZE)}, "own")
    assert tracked.tolist() == [False] + [True] * 11
    assert np.abs(boxes[:, :2] - truth()).max() < 3
    assert np.abs(boxes[-1, :2] - START).max() > 25  # it did move
    assert (boxes[:, 2:] == SIZE).all()


def test_large_boxes_are_followed_in_shrunk_patches():
    import cv2

    images = [cv2.resize(image, None, fx=4, fy=4) for image in sequence()]
    boxes, _ = carried_boxes(images, {0: (*(4 * START + 1.5), 4 * SIZE[0], 4 * SIZE[1])}, "own")
    assert np.abs(boxes[:, :2] - (4 * truth() + 1.5)).max() < 12


def test_labels_restart_it_and_before_the_first_there_is_nothing():
    boxes, tracked = carried_boxes(sequence(6), {2: (*truth()[2], *SIZE), 4: (10.0, 20.0, 8.0, 8.0)}, "auto")
    assert np.isnan(boxes[:2]).all()
    assert tracked.tolist() == [False, False, False, True, False, True]
    assert boxes[4].tolist() == [10, 20, 8, 8]
    assert np.abs(boxes[3, :2] - truth()[3]).max() < 4


def test_a_lost_box_stays_lost():
    boxes, tracked = carried_boxes(sequence(turn_grey=6), {0: (*START, *SIZE)}, "own")
    assert np.isfinite(boxes[:6]).all()
    assert np.isnan(boxes[6:]).all()
    assert not tracked[6:].any()


def test_the_response_is_one_where_nothing_moved():
    image = sequence(1)[0]
    box, response = CorrelationFilter(image, (*START, *SIZE)).update(image)
    assert response == pytest.approx(1, abs=0.05)
    assert box[:2] == pytest.approx(START)


@pytest.mark.skipif(not opencv_has_kcf(), reason="this OpenCV has no KCF tracker (contrib build)")
def test_opencvs_tracker_follows_too():
    boxes, _ = carried_boxes(sequence(), {0: (*START, *SIZE)}, "opencv")
    assert np.abs(boxes[:, :2] - truth()).max() < 4


def test_what_cannot_be_is_refused(monkeypatch):
    monkeypatch.setattr("hand_pose_ros.training.box_tracking._opencv_factory", lambda: None)
    with pytest.raises(ValueError, match="opencv-contrib-python-headless"):
        carried_boxes([], {}, "opencv")
    with pytest.raises(ValueError, match="tracker is 'mil'"):
        carried_boxes([], {}, "mil")
    with pytest.raises(ValueError, match="at least 2"):
        carried_boxes(sequence(1), {0: (5, 5, 0, 3)}, "own")
    assert carried_boxes([], {}, "auto")[0].shape == (0, 4)
