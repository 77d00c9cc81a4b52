"""Which hands a teacher's looks agree on."""

from __future__ import annotations

import numpy as np
import pytest

from hand_pose_ros.hand import LEFT, RIGHT, HandPose
from hand_pose_ros.region import hand_box
from hand_pose_ros.training.pseudo_labels.agreement import (
    AgreementSettings,
    DisagreementError,
    agree,
    centre_and_deviation,
)

SETTINGS = AgreementSettings()


def look(points, side=RIGHT, score=0.95, joints=None) -> HandPose:
    points = np.asarray(points, float)
    return HandPose(
        handedness=side, handedness_score=0.9, score=score, box=hand_box(points), keypoints_px=points,
        keypoint_scores=np.ones(21), keypoint_stddev_px=np.ones(21),
        normalized_joints=np.zeros((21, 3)) if joints is None else joints,
    )  # fmt: skip


@pytest.fixture
def points(drawn):
    return drawn.points((200, 300), (200, 200))


def extent(points) -> float:
    return float(np.ptp(points, axis=0).max())


def reason(looks, **settings) -> str:
    with pytest.raises(DisagreementError) as raised:
        agree(looks, AgreementSettings(**settings))
    return str(raised.value)


def test_the_median_of_the_looks_is_taken_and_one_wild_keypoint_only_loses_trust(points):
    looks = [look(points) for _ in range(6)]
    wild = points.copy()
    wild[8] += 0.2 * extent(points)
    looks[2] = look(wild)
    hand = agree(looks, SETTINGS)
    np.testing.assert_allclose(hand.keypoints_px, points)
    assert hand.right
    assert hand.confidence[8] < 0.2
    assert np.delete(hand.confidence, 8) == pytest.approx(1.0)


def test_confidence_is_1_over_e_at_the_trusted_deviation(points):
    step = 0.03 * extent(points)
    looks = [look(points + offset) for offset in ((step, 0), (-step, 0), (0, step), (0, -step))]
    assert agree(looks, SETTINGS).confidence == pytest.approx(np.exp(-1.0), rel=0.02)


def test_deviations_are_measured_from_the_median(points):
    centre, deviation = centre_and_deviation(np.stack([points, points, points + [3.0, 4.0]]))
    np.testing.assert_allclose(centre, points)
    assert deviation == pytest.approx(5.0 / np.sqrt(3.0))


def test_reasons(points):
    good, other = look(points), look(points, LEFT)
    far = look(points + [0.3 * extent(points), 0])
    assert reason([good] * 4 + [None] * 2) == "blind"
    assert reason([None] * 6) == "blind"
    assert reason([look(points, score=0.4)] * 6) == "presence"
    assert reason([good] * 4 + [other] * 2) == "side"
    assert reason([good] * 3 + [far] * 3) == "spread"
    assert reason([look(0.05 * points)] * 6) == "small"
    assert reason([look(points)] * 6, smallest_px=500.0) == "small"


def test_one_blind_or_contrary_look_is_forgiven_and_its_joints_are_left_out(points):
    mine, mirrored = np.full((21, 3), 1.0), np.full((21, 3), -1.0)
    looks = [look(points, joints=mine)] * 4 + [look(points, LEFT, joints=mirrored), None]
    hand = agree(looks, SETTINGS)
    assert hand.right
    np.testing.assert_array_equal(hand.joints, mine)


def test_settings_are_checked():
    with pytest.raises(ValueError, match=r"spread is 2\.0"):
        AgreementSettings(spread=2.0)
