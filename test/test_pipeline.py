import re
from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.filters import FilterSettings
from hand_pose_ros.hand import PREDICTED, HandScale
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.pipeline import Frame, HandPosePipeline, PipelineSettings
from hand_pose_ros.tracking import TrackingSettings

CAMERA = CameraModel.from_fov(640, 480, 60.0)
RAW = PipelineSettings(filter=FilterSettings(enabled=False))


def frame(drawn, n, camera_id="", side="right", camera=CAMERA, hands=1, speed=4):
    image = drawn.blank()
    for k in range(hands):
        x = 120 + speed * n + 250 * k
        drawn.hand(image, (x, 300), (x + 10, 230), side)
    return Frame(image, n / 30, camera, camera_id)


def test_a_moving_hand_is_one_hand(drawn):
    pipeline = HandPosePipeline(drawn.model(), RAW)
    results = [pipeline.process([frame(drawn, n)])[0] for n in range(40)]
    assert [[hand.id for hand in hands] for hands in results] == [[1]] * 40
    truth = drawn.points((120 + 4 * 39, 300), (130 + 4 * 39, 230))
    assert np.abs(results[-1][0].keypoints_px - truth).max() < 2
    assert all(hands.error is None for hands in results)
    assert all((hand.joints_m[:, 2] > 0.3).all() for [hand] in results)


def test_cameras_share_a_batch_and_no_ids(drawn):
    model = drawn.model()
    pipeline = HandPosePipeline(model)
    for n in range(5):
        left, right, empty = pipeline.process(
            [frame(drawn, n, "a"), frame(drawn, n, "b", hands=2), Frame(drawn.blank(), n / 30, None, "c")]
        )
    assert model.pose.network.batches == [3] * 5
    assert len({hand.id for hand in [*left, *right]}) == 3
    assert empty == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Frame(None, 0.0, None, "front"), "front.*NoneType"),
        (Frame(np.zeros((20, 30, 3), np.uint16), 0.0, None, "front"), "front.*uint16"),
        (Frame(np.zeros((480, 640, 3), np.uint8), float("nan"), None, "front"), "front.*stamp is nan"),
        (Frame(np.zeros((480, 640, 3), np.uint8), None, None, "front"), "front.*stamp is None"),
    ],
)
def test_a_bad_frame_is_named_and_the_others_are_served(drawn, bad, message):
    pipeline = HandPosePipeline(drawn.model())
    first, second = pipeline.process([bad, frame(drawn, 0, "b")])
    assert first == []
    assert first.error is not None
    assert re.search(message, first.error)
    assert len(second) == 1
    assert second.error is None


def test_a_calibration_for_another_size_gives_no_metres(drawn):
    [hands] = HandPosePipeline(drawn.model()).process([frame(drawn, 0, camera=CAMERA.resized(320, 240))])
    assert "calibrated for 320 x 240" in hands.error
    assert hands[0].joints_m is None


def test_two_frames_of_one_camera_in_a_call_are_refused(drawn):
    with pytest.raises(ValueError, match="one frame per camera"):
        HandPosePipeline(drawn.model()).process([frame(drawn, 0), frame(drawn, 1)])


def test_no_frames_no_results(drawn):
    assert HandPosePipeline(drawn.model()).process([]) == []


def test_scales_and_settings_change_between_frames(drawn):
    pipeline = HandPosePipeline(drawn.model(), RAW)
    [[first]] = pipeline.process([frame(drawn, 0, speed=0)])
    pipeline.scales = HandScales().with_scale(HandScale(2 * first.hand_scale.mean_m, 0.0, "user"))
    [[second]] = pipeline.process([frame(drawn, 1, speed=0)])
    assert np.allclose(second.joints_m[:, 2] / first.joints_m[:, 2], 2, rtol=0.03)
    pipeline.settings = replace(RAW, estimator=replace(RAW.estimator, min_presence=0.99))
    assert pipeline.process([frame(drawn, 2, speed=0)]) == [[]]


def test_filters_can_be_switched_while_running(drawn):
    truth = drawn.points((120 + 12 * 19, 300), (130 + 12 * 19, 230))
    pipeline = HandPosePipeline(drawn.model(), PipelineSettings(filter=FilterSettings(min_cutoff_hz=0.1, beta=0.0)))
    for n in range(20):
        [[hand]] = pipeline.process([frame(drawn, n, speed=12)])
    assert np.abs(hand.keypoints_px - truth).max() > 40
    pipeline.settings = RAW
    [[hand]] = pipeline.process([frame(drawn, 19, speed=12)])
    assert np.abs(hand.keypoints_px - truth).max() < 2


def test_the_crop_follows_what_was_seen_not_what_was_smoothed(drawn):
    pipeline = HandPosePipeline(drawn.model(), PipelineSettings(filter=FilterSettings(min_cutoff_hz=0.05, beta=0.0)))
    ids = [hand.id for n in range(30) for hand in pipeline.process([frame(drawn, n, speed=14)])[0]]
    assert ids == [1] * 30


def test_a_held_hand_is_repeated_as_it_was_shown(drawn):
    pipeline = HandPosePipeline(drawn.model(), PipelineSettings(tracking=TrackingSettings(hold_s=0.2)))
    for n in range(5):
        [[shown]] = pipeline.process([frame(drawn, n)])
    [[held]] = pipeline.process([Frame(drawn.blank(), 5 / 30, CAMERA)])
    assert held.status == PREDICTED
    assert np.array_equal(held.joints_m, shown.joints_m)
    assert np.array_equal(held.keypoints_px, shown.keypoints_px)
    [[again]] = pipeline.process([frame(drawn, 6)])
    assert (again.id, again.status) == (1, "detected")


def test_reset_forgets_one_camera_or_all(drawn):
    pipeline = HandPosePipeline(drawn.model())
    pipeline.process([frame(drawn, 0, "a"), frame(drawn, 0, "b")])
    pipeline.reset("a")
    [[first], [second]] = pipeline.process([frame(drawn, 1, "a"), frame(drawn, 1, "b")])
    assert (first.id, second.id) == (3, 2)
    pipeline.reset()
    [[first]] = pipeline.process([frame(drawn, 2, "b")])
    assert first.id == 4


def test_a_bag_that_loops_keeps_working(drawn):
    pipeline = HandPosePipeline(drawn.model())
    for _ in range(3):
        results = [pipeline.process([frame(drawn, n)])[0] for n in range(10)]
        assert all(len(hands) == 1 for hands in results)


def test_the_localiser_rests_while_all_hands_are_followed(drawn):
    model = drawn.model()
    pipeline = HandPosePipeline(model, PipelineSettings(tracking=TrackingSettings(detect_every=5)))
    for n in range(20):
        pipeline.process([frame(drawn, n)])
    assert model.localiser.network.calls == 4


@pytest.mark.parametrize(("look_again", "found"), [(True, 12), (False, 6)])
def test_a_hand_that_leaps_out_of_its_crop_is_found_in_the_same_frame(drawn, look_again, found):
    # At a low frame rate: the hand is 300 px away from where it was, and its crop is empty.
    settings = replace(RAW, tracking=TrackingSettings(look_again=look_again, reuse_distance=5.0))
    pipeline, results = HandPosePipeline(drawn.model(), settings), []
    for n in range(12):
        image = drawn.blank()
        drawn.hand(image, (150 + 300 * (n % 2), 300), (150 + 300 * (n % 2), 250))
        results += pipeline.process([Frame(image, n / 5, CAMERA)])
    assert sum(map(len, results)) == found
    assert {hand.id for hands in results for hand in hands} == {1}


def test_looking_again_keeps_the_other_hand(drawn):
    pipeline = HandPosePipeline(drawn.model(), RAW)
    for n in range(3):
        image = drawn.blank()
        drawn.hand(image, (120, 300), (120, 250), "left")
        drawn.hand(image, (300 + 250 * (n == 2), 300), (300 + 250 * (n == 2), 250))
        [hands] = pipeline.process([Frame(image, n / 30, CAMERA)])
    sides = {hand.id: (hand.handedness, hand.status) for hand in hands}
    assert sorted(side for side in sides.values()) == [("left", "tracked"), ("right", "detected")]


def test_metres_do_not_jump_when_the_vote_corrects_the_side(drawn):
    scales = HandScales().with_scale(HandScale(0.07, 0.0, "user"), "left")
    pipeline = HandPosePipeline(drawn.model(), RAW, scales)
    for n in range(20):
        pipeline.process([frame(drawn, n, speed=0)])
    [[hand]] = pipeline.process([frame(drawn, 20, side="left", speed=0)])
    assert hand.handedness == "right"
    assert hand.hand_scale.mean_m != 0.07
