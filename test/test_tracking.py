import itertools
from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.crop import square_box
from hand_pose_ros.detector import Detection
from hand_pose_ros.hand import DETECTED, PREDICTED, TRACKED, HandPose
from hand_pose_ros.region import hand_box, pose_crop
from hand_pose_ros.tracking import HandTracker, TrackingSettings

SIZE = (640, 480)
DT = 1 / 30


class Scene:
    """A tracker whose network sees what the test says: hands by name, and those that a localiser would find."""

    def __init__(self, drawn, max_hands=2, **settings):
        self.drawn, self.numbers = drawn, itertools.count(1)
        self.tracker = HandTracker(
            self.numbers, lambda keypoints: pose_crop(keypoints, drawn.roi), TrackingSettings(**settings), max_hands
        )
        self.now, self.detections = 0.0, 0

    def hand(self, x, y=300.0, side="right", certainty=0.98):
        keypoints = self.drawn.points((x, y), (x, y - 60), side)
        return HandPose(
            handedness=side, handedness_score=certainty, score=0.9, box=hand_box(keypoints), keypoints_px=keypoints,
            keypoint_scores=np.ones(21), keypoint_stddev_px=np.ones(21), normalized_joints=self.drawn.template,
        )  # fmt: skip

    def step(self, *hands, dt=DT, size=SIZE):
        """One frame in which ``hands`` are there. A crop shows the hand nearest to its centre, if that is inside."""
        self.now += dt
        searches = self.tracker.begin(self.now, size)
        if self.tracker.wants_detection():
            self.detections += 1
            found = [Detection(pose_crop(hand.keypoints_px, self.drawn.roi), hand.score) for hand in hands]
            searches = self.tracker.admit(searches, found)
        return self.tracker.finish(searches, [self.seen(search.box, hands) for search in searches])

    def seen(self, box, hands):
        near = [(np.linalg.norm(hand.keypoints_px[9] - box.centre_px), n) for n, hand in enumerate(hands)]
        return hands[min(near)[1]] if near and min(near)[0] < box.size_px[0] / 2 else None


def test_a_hand_keeps_its_id_and_its_status_tells(drawn):
    scene = Scene(drawn)
    results = [scene.step(scene.hand(100 + 5 * n)) for n in range(50)]
    assert [hand.id for [hand] in results] == [1] * 50
    assert [hand.status for [hand] in results] == [DETECTED] + [TRACKED] * 49
    assert results[-1][0].keypoints_px[0, 0] == 345


def test_two_hands_keep_theirs_when_the_order_changes(drawn):
    scene = Scene(drawn)
    first = scene.step(scene.hand(100, side="left"), scene.hand(500))
    later = [scene.step(scene.hand(500 - n), scene.hand(100 + n, side="left")) for n in range(20)][-1]
    assert [(hand.id, hand.handedness) for hand in first] == [(1, "left"), (2, "right")]
    assert [(hand.id, hand.handedness) for hand in later] == [(1, "left"), (2, "right")]


def test_the_localiser_runs_only_to_find_new_hands(drawn):
    scene = Scene(drawn, detect_every=10)
    for n in range(41):
        scene.step(scene.hand(100 + n))
    assert scene.detections == 1 + 4
    both = Scene(drawn, max_hands=1, detect_every=10)
    for n in range(41):
        both.step(both.hand(100 + n))
    assert both.detections == 1


def test_the_localiser_runs_on_every_idle_frame_or_as_told(drawn):
    scene = Scene(drawn)
    for _ in range(10):
        assert scene.step() == []
    assert scene.detections == 10
    rare = Scene(drawn, detect_every_idle=5)
    for _ in range(10):
        rare.step()
    assert rare.detections == 2


def test_a_lost_hand_is_looked_for_at_once(drawn):
    scene = Scene(drawn, detect_every=10)
    for _ in range(4):
        scene.step(scene.hand(100))
    scene.step()
    assert [hand.id for hand in scene.step(scene.hand(150))] == [1]


@pytest.mark.parametrize(("gap_s", "shift", "number"), [(0.3, 60, 1), (1.5, 10, 2), (0.3, 400, 2)])
def test_an_id_is_given_again_soon_and_near(drawn, gap_s, shift, number):
    scene = Scene(drawn, reuse_s=1.0, largest_gap_s=5.0)
    scene.step(scene.hand(100))
    for _ in range(round(gap_s / DT)):
        assert scene.step() == []
    [hand] = scene.step(scene.hand(100 + shift))
    assert hand.id == number
    assert hand.status == DETECTED


def test_of_two_lost_hands_the_one_of_the_same_side_comes_back(drawn):
    scene = Scene(drawn)
    scene.step(scene.hand(200, side="left"), scene.hand(320))
    scene.step()
    [hand] = scene.step(scene.hand(250, side="right"))
    assert (hand.id, hand.handedness) == (2, "right")


@pytest.mark.parametrize(("certainty", "number"), [(0.98, 2), (0.6, 1)])
def test_a_hand_that_is_surely_of_the_other_side_gets_a_new_id(drawn, certainty, number):
    scene = Scene(drawn)
    scene.step(scene.hand(200, side="right"))
    scene.step()
    [hand] = scene.step(scene.hand(210, side="left", certainty=certainty))
    assert hand.id == number


def test_a_track_that_slides_onto_another_hand_ends(drawn):
    scene = Scene(drawn, detect_every=1000)
    scene.step(scene.hand(200), scene.hand(300))
    # The first hand is gone; the crop of its track still shows the second one.
    hands = scene.step(scene.hand(295))
    assert [hand.id for hand in hands] == [2]
    assert [hand.id for hand in scene.step(scene.hand(290))] == [2]


def test_handedness_is_voted_on(drawn):
    scene = Scene(drawn)
    for n in range(30):
        scene.step(scene.hand(100 + n))
    # A hand seen edge-on looks like the other side for a while.
    sides = [scene.step(scene.hand(130 + n, side="left", certainty=0.9))[0].handedness for n in range(8)]
    assert sides == ["right"] * 8
    later = [scene.step(scene.hand(140, side="left", certainty=0.95))[0] for _ in range(120)]
    assert later[-1].handedness == "left"
    assert later[-1].handedness_score > 0.7
    assert all(0.5 <= hand.handedness_score <= 1.0 for hand in later)


def test_a_wrong_first_look_is_outvoted(drawn):
    scene = Scene(drawn)
    scene.step(scene.hand(100, side="left", certainty=0.6))
    [hand] = [scene.step(scene.hand(100)) for _ in range(5)][-1]
    assert hand.handedness == "right"


def test_without_memory_every_frame_counts_alone(drawn):
    scene = Scene(drawn, handedness_memory_s=0.0)
    sides = [scene.step(scene.hand(100, side=side))[0].handedness for side in ("right", "left", "right")]
    assert sides == ["right", "left", "right"]


def test_a_clock_that_jumps_back_starts_anew(drawn):
    scene = Scene(drawn)
    scene.step(scene.hand(100))
    scene.now = -100.0
    [hand] = scene.step(scene.hand(100))
    assert (hand.id, hand.status) == (2, DETECTED)
    assert scene.step(scene.hand(101))[0].id == 2


def test_a_clock_that_jumps_forward_starts_anew(drawn):
    scene = Scene(drawn, largest_gap_s=1.0)
    scene.step(scene.hand(100))
    [hand] = scene.step(scene.hand(100), dt=50.0)
    assert (hand.id, hand.status) == (2, DETECTED)


def test_equal_stamps_are_one_instant(drawn):
    scene = Scene(drawn)
    assert [scene.step(scene.hand(100 + n), dt=0.0)[0].id for n in range(5)] == [1] * 5


def test_another_image_size_starts_anew(drawn):
    scene = Scene(drawn)
    scene.step(scene.hand(100))
    assert scene.step(scene.hand(100), size=(1280, 720))[0].id == 2


def test_hands_beyond_the_limit_are_left(drawn):
    scene = Scene(drawn, max_hands=2)
    assert len(scene.step(*[scene.hand(80 + 180 * n) for n in range(4)])) == 2
    scene.tracker.max_hands = 1
    assert [hand.id for hand in scene.step(*[scene.hand(80 + 180 * n) for n in range(4)])] == [1]


def test_a_lost_hand_is_held_only_if_wanted(drawn):
    scene = Scene(drawn, hold_s=0.0)
    scene.step(scene.hand(100))
    assert scene.step() == []
    scene = Scene(drawn, hold_s=0.1)
    scene.step(scene.hand(100))
    held = [scene.step() for _ in range(5)]
    assert [len(hands) for hands in held] == [1, 1, 1, 0, 0]
    assert {hand.status for hands in held for hand in hands} == {PREDICTED}
    assert held[0][0].id == 1
    [hand] = scene.step(scene.hand(100))
    assert (hand.id, hand.status) == (1, DETECTED)


def test_settings_change_while_running(drawn):
    scene = Scene(drawn, hold_s=0.0)
    scene.step(scene.hand(100))
    scene.tracker.settings = replace(scene.tracker.settings, hold_s=1.0)
    assert len(scene.step()) == 1


def test_a_detection_on_a_followed_hand_is_not_a_new_one(drawn):
    scene = Scene(drawn, detect_every=1)
    for n in range(5):
        assert len(scene.step(scene.hand(100 + n))) == 1
    assert next(scene.numbers) == 2


def test_searches_carry_the_side_for_one_sided_networks(drawn):
    scene = Scene(drawn)
    scene.step(scene.hand(100, side="left"))
    [search] = scene.tracker.begin(scene.now + DT, SIZE)
    assert search.side == "left"
    box = square_box((400, 200), 50)
    admitted = scene.tracker.admit([search], [Detection(box, 0.9, 0.8)])
    assert admitted[1].side == "right"
    assert scene.tracker.admit([search], [Detection(box, 0.9)])[1].side is None


def test_a_place_without_a_hand_costs_no_hand(drawn):
    scene = Scene(drawn, max_hands=1)
    face, hand, other = (scene.hand(x) for x in (100, 320, 540))
    places = [Detection(pose_crop(one.keypoints_px, drawn.roi), one.score) for one in (face, hand, other)]
    for id_of_hand in (1, 1):
        scene.now += DT
        searches = scene.tracker.begin(scene.now, SIZE)
        searches = scene.tracker.admit(searches, places) if scene.tracker.wants_detection() else searches
        [found] = scene.tracker.finish(searches, [scene.seen(search.box, [hand, other]) for search in searches])
        assert found.id == id_of_hand
        assert found.keypoints_px[0, 0] == pytest.approx(320)
