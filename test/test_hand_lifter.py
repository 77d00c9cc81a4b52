"""The lifter's stage: what it is shown."""

from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import HandPose, OrientedBox
from hand_pose_ros.hand_lifter import PIXEL_WIDENING, USUAL_GAP, HandLifter
from hand_pose_ros.lifting import confidence, virtual_view

CAMERA = CameraModel.from_fov(640, 480, 60.0)


def hand():
    generator = np.random.default_rng(0)
    return HandPose(
        "right", 0.9, 0.9, OrientedBox((320, 240), (100, 100)), generator.uniform(270, 370, (21, 2)), np.ones(21),
        np.ones(21), generator.normal(size=(21, 3)),
    )  # fmt: skip


@pytest.mark.parametrize(("card", "shown"), [({}, True), ({"guess": True}, True), ({"guess": False}, False)])
def test_a_pose_network_without_depth_gives_no_guess(card, shown):
    given = []

    class Stage:
        runtime = "onnxruntime"

        def __call__(self, views):
            given.append(views)
            return {"joints": np.arange(63.0).reshape(1, 21, 3)}

    stage = Stage()
    stage.card = card
    [[lifted]] = HandLifter(stage)([[hand()]], [CAMERA])
    assert given[0].shape == (1, 128)
    assert given[0][0, -1] == float(shown)  # the flag behind the guess
    assert (given[0][0, 64:127] != 0).any() == shown
    assert np.linalg.norm(lifted.normalized_joints[0]) == pytest.approx(1)


@pytest.mark.parametrize("told", ["hand", "keypoints"])
def test_a_lifter_is_told_one_score_or_every_keypoints(told):
    given = []

    class Stage:
        runtime, card = "onnxruntime", {"scores": told}

        def __call__(self, views):
            given.append(views)
            return {"joints": np.arange(63.0).reshape(1, 21, 3)}

    scores = np.linspace(0.2, 0.9, 21)
    HandLifter(Stage())([[replace(hand(), keypoint_scores=scores)]], [CAMERA])
    shown = given[0][0, 42:63]
    np.testing.assert_allclose(shown, confidence(scores).mean() if told == "hand" else confidence(scores), rtol=1e-5)


def test_without_a_stage_nothing_changes():
    hands = [[hand()]]
    assert HandLifter(None)(hands, [CAMERA]) is hands


def test_a_lifter_that_says_all_places_the_hand_and_its_deviations():
    said = {
        "joints": np.arange(63.0).reshape(1, 21, 3), "keypoints": np.full((1, 21, 2), 0.1),
        "distance": np.array([5.0]), "distance_stddev": np.array([0.04]),
        "joint_stddev": np.full((1, 21, 2), 0.1), "keypoint_stddev": np.full((1, 21), 0.05),
    }  # fmt: skip

    class Stage:
        runtime, card = "onnxruntime", {}

        def __call__(self, views):
            return said

    view = virtual_view(hand().keypoints_px, CAMERA, "right")
    [[lifted]] = HandLifter(Stage())([[hand()]], [CAMERA])
    assert lifted.lift.distance == 5.0
    np.testing.assert_allclose(lifted.lift.centre_stddev, 0.05 * view.extent)
    # 1 / 554 radians per pixel at 60 degrees, nearly the same all over this small hand.
    pixels = np.hypot(
        0.05 * view.extent * 554.3, np.sqrt(((lifted.joint_centres_px - hand().keypoints_px) ** 2).mean(1))
    )
    np.testing.assert_allclose(lifted.keypoint_stddev_px, PIXEL_WIDENING * pixels, rtol=0.03)
    sure = replace(hand(), mirror_gap=USUAL_GAP / 2.0)
    [[surer]] = HandLifter(Stage())([[sure]], [CAMERA])
    np.testing.assert_allclose(surer.keypoint_stddev_px, np.sqrt(0.5) * lifted.keypoint_stddev_px)
    del said["distance"]
    [[lifted]] = HandLifter(Stage())([[hand()]], [CAMERA])
    assert lifted.lift is None
    np.testing.assert_array_equal(lifted.keypoint_stddev_px, np.ones(21))
