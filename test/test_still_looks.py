"""Single images: hands are looked at again, from where the first look saw them, and in the mirror."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.mirroring import mirrored_image
from hand_pose_ros.still_looks import StillSettings, agreed

CAMERA = CameraModel.from_fov(640, 480, 60.0)


@pytest.fixture
def image(drawn):
    image = drawn.blank()
    drawn.hand(image, (250, 290), (290, 230), "right")
    return image


@pytest.mark.parametrize(
    ("refinements", "mirrored", "batches"), [(0, False, [1]), (0, True, [2]), (1, False, [1, 1]), (2, True, [2, 2, 2])]
)
def test_a_hand_is_looked_at_as_often_as_wanted(drawn, image, refinements, mirrored, batches):
    model = drawn.model()
    [hand] = HandEstimator(model, stills=StillSettings(refinements, mirrored))(image)
    assert model.pose.network.batches == batches
    assert np.abs(hand.keypoints_px - drawn.points((250, 290), (290, 230))).max() < 2.0


def test_the_second_look_is_where_the_first_saw_the_hand(drawn, image):
    estimator, seen = HandEstimator(drawn.model(), stills=StillSettings(1, False)), []
    plain = estimator.observe

    def observe(images, boxes, *rest):
        hands = plain(images, boxes, *rest)
        seen.append((boxes[0][0], hands[0][0]))
        return hands

    estimator.observe = observe
    estimator(image)
    assert seen[1][0] == estimator.pose_crop(seen[0][1].keypoints_px)


def test_the_mirrored_photograph_gives_the_mirrored_hand(drawn, image):
    estimator = HandEstimator(drawn.model())
    [hand], [other] = estimator(image, CAMERA), estimator(mirrored_image(image), CAMERA)
    assert (hand.handedness, other.handedness) == ("right", "left")
    np.testing.assert_allclose(other.keypoints_px, hand.keypoints_px * (-1, 1) + (639, 0), atol=0.3)
    np.testing.assert_allclose(other.joints_m, hand.joints_m * (-1, 1, 1), atol=2e-3)


@pytest.mark.parametrize("upright", [True, False])
def test_a_localiser_that_errs_to_one_side_says_the_mirrored_place_of_the_mirror_image(drawn, upright):
    image = drawn.blank()
    drawn.hand(image, (250, 290), (290, 230), "right")
    model = drawn.model(localiser={"sampling": "centre" if upright else "corner"})
    plain = model.localiser.network.outputs
    model.localiser.network.outputs = lambda images: {
        **plain(images), "box": plain(images)["box"] + np.array([0.02, 0.01, 0.0, 0.0], np.float32)
    }  # fmt: skip
    estimator, mirror = HandEstimator(model), mirrored_image(image)
    [[here]], [[there]] = estimator.detect([image], [mirror]), estimator.detect([mirror], [image])
    assert there.box.centre_px == pytest.approx((639 - here.box.centre_px[0], here.box.centre_px[1]), abs=1e-3)
    assert there.box.angle_rad == pytest.approx(-here.box.angle_rad, abs=1e-4)
    [[once]] = estimator.detect([image])
    assert once.box.centre_px[0] - here.box.centre_px[0] == pytest.approx(0.02 * 640, abs=1.0)


def test_image_and_mirror_image_are_loaded_once(drawn, image):
    estimator, loaded = HandEstimator(drawn.model(), stills=StillSettings(2, True)), []
    plain = estimator._sampler.load
    estimator._sampler.load = lambda image: Loaded(loaded.append(image) or plain(image))
    plain_size, plain_batch = estimator._sampler.size, estimator._sampler.batch
    estimator._sampler.size = lambda image: plain_size(image.pixels)
    estimator._sampler.batch = lambda images, *rest: plain_batch([image.pixels for image in images], *rest)
    assert len(estimator(image)) == 1
    assert len(loaded) == 2


class Loaded:
    """An image in an accelerator's memory: no array any more."""

    def __init__(self, pixels):
        self.pixels = pixels


def test_a_hand_that_is_seen_in_the_mirror_alone_is_found(drawn, image):
    model = drawn.model()
    plain = model.localiser.network.outputs

    def outputs(images):
        answer = plain(images)
        return {**answer, "score": np.where(np.arange(len(images))[:, None] == 0, 0.0, answer["score"])}

    model.localiser.network.outputs = outputs
    assert HandEstimator(model, stills=StillSettings(1, False))(image) == []
    [hand] = HandEstimator(model)(image)
    assert hand.handedness == "right"


def test_a_bias_to_one_side_of_the_crop_cancels(drawn, image):
    model = drawn.model()
    plain = model.pose.network.outputs
    model.pose.network.outputs = lambda crops: {
        **plain(crops), "keypoints": plain(crops)["keypoints"] + np.array([0.03, 0.0])
    }  # fmt: skip
    errors = []
    for mirrored in (False, True):
        [hand] = HandEstimator(model, stills=StillSettings(1, mirrored))(image)
        errors.append(np.abs(hand.keypoints_px - drawn.points((250, 290), (290, 230))).mean())
    assert errors[0] > 2.5
    assert errors[1] < 0.4 * errors[0]


def test_a_later_look_that_sees_nothing_keeps_the_hand(drawn, image):
    model = drawn.model()
    plain, calls = model.pose.network.outputs, []

    def outputs(crops):
        calls.append(len(crops))
        answer = plain(crops)
        return answer if len(calls) == 1 else {**answer, "presence": np.zeros(len(crops), np.float32)}

    model.pose.network.outputs = outputs
    assert len(HandEstimator(model, EstimatorSettings())(image)) == 1
    assert calls == [2, 2]


def test_what_two_looks_differ_by_widens_the_deviation(drawn, image):
    [hand] = HandEstimator(drawn.model(), stills=StillSettings(0, False))(image)
    moved = replace(hand, keypoints_px=hand.keypoints_px + (6.0, 0.0), handedness="left", handedness_score=0.6)
    both = agreed(hand, moved)
    np.testing.assert_allclose(both.keypoints_px, hand.keypoints_px + (3.0, 0.0))
    np.testing.assert_allclose(both.keypoint_stddev_px, np.hypot(hand.keypoint_stddev_px, 6.0 / np.sqrt(2.0) / 2.0))
    assert both.mirror_gap == pytest.approx(6.0 / np.ptp(both.keypoints_px, axis=0).max())
    assert hand.mirror_gap is None
    assert both.handedness == "right"
    assert both.handedness_score == pytest.approx(0.5 * (hand.handedness_score + 0.4))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="refinements is 4"):
        StillSettings(refinements=4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_one_sided_network_that_prefers_a_side_is_asked_both_ways(drawn, side):
    image = drawn.blank()
    keypoints = drawn.hand(image, (250, 290), (290, 230), side)
    model = drawn.model(pose={"sees": "right"})
    plain = model.pose.network.outputs
    # It calls everything right, left hands only less so.
    model.pose.network.outputs = lambda crops: {**plain(crops), "right": 0.52 + 0.4 * plain(crops)["right"]}
    [once] = HandEstimator(model, stills=StillSettings(1, mirrored=False))(image)
    [both] = HandEstimator(model, stills=StillSettings(1, mirrored=True))(image)
    assert (once.handedness, both.handedness) == ("right", side)
    assert np.abs(both.keypoints_px - keypoints).max() < 2.0
