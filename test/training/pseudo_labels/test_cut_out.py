"""Masks of photographed hands: right where hand and background differ, refused where they look alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT
from hand_pose_ros.training.pseudo_labels.cut_out import ARM, PALM, cut_out, palm_length, unknown

SIZE = 160
SKIN, WALL = (205, 150, 120), (60, 90, 140)


@pytest.fixture
def keypoints(drawn):
    return drawn.points((80, 120), (80, 76))


def painted(keypoints, skin=SKIN, wall=WALL, noise=6.0):
    """A hand of flesh around the bones, with forearm, and its true mask."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    points = np.rint(keypoints).astype(int)
    for a, b in BONES:
        cv2.line(mask, tuple(map(int, points[a])), tuple(map(int, points[b])), 1, 9)
    cv2.fillConvexPoly(mask, cv2.convexHull(points[[0, 1, 5, 9, 13, 17]].astype(np.int32)), 1)
    cv2.line(mask, tuple(map(int, points[0])), (int(points[0][0]), SIZE), 1, 22)
    image = np.where(mask[..., None] > 0, np.float32(skin), np.float32(wall))
    image += np.random.default_rng(0).normal(0, noise, image.shape)
    return image.clip(0, 255).astype(np.uint8), mask > 0


def test_hands_that_differ_from_the_wall_are_cut_out(keypoints):
    image, truth = painted(keypoints)
    segments = cut_out(image, keypoints)
    found = segments > 0
    assert (found & truth).sum() / (found | truth).sum() > 0.93


def test_parts_are_those_of_the_nearest_bones(keypoints):
    image, _ = painted(keypoints)
    segments = cut_out(image, keypoints)

    def at(point):
        return segments[round(point[1]), round(point[0])]

    # The renderer's numbers: 2 to 4 thumb, 5 to 7 index, 8 to 10 middle, 11 to 13 ring, 14 to 16 little finger.
    for first, keypoint in ((2, 1), (5, 5), (8, 9), (11, 13), (14, 17)):
        for joint in range(3):
            middle = (keypoints[keypoint + joint] + keypoints[keypoint + joint + 1]) / 2
            assert at(middle) == first + joint, (keypoint, joint)
    assert at(keypoints[[0, 9]].mean(axis=0)) == PALM
    assert at((80, 150)) == ARM


def test_a_hand_before_a_wall_of_its_own_colour_has_no_mask(keypoints):
    image, _ = painted(keypoints, wall=SKIN)
    assert cut_out(image, keypoints) is None


def test_a_picture_of_one_colour_has_no_mask(keypoints):
    assert cut_out(np.full((SIZE, SIZE, 3), 128, np.uint8), keypoints) is None


def test_keypoints_outside_the_picture_do_no_harm(keypoints):
    image, _ = painted(keypoints)
    segments = cut_out(image, keypoints + [70.0, 0.0])
    assert segments is None or segments.shape == (SIZE, SIZE)


def test_palm_length_survives_foreshortening(keypoints):
    flat = keypoints.copy()
    flat[:, 1] = 100 + 0.1 * (flat[:, 1] - 100)
    assert palm_length(keypoints) == pytest.approx(44.0, abs=0.2)
    assert palm_length(flat) > 0.5 * palm_length(keypoints)
    assert (unknown(4) == UNKNOWN_SEGMENT).all()
