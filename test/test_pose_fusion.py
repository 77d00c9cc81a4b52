"""Fusion of a network's two 3D outputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hand_pose_ros.pose_fusion import fused_pose, similar
from hand_pose_ros.training.mean_hand import mean_hand

turns = st.floats(-3, 3)


@settings(deadline=None)
@given(turns, turns, turns, st.floats(0.1, 10))
def test_a_similarity_is_undone(a, b, c, size):
    hand = mean_hand()
    other = size * hand @ Rotation.from_euler("xyz", (a, b, c)).as_matrix().T + (1, 2, 3)
    np.testing.assert_allclose(similar(other, hand), hand, atol=1e-9)


def test_mirror_images_are_not_similar():
    hand = mean_hand()
    assert np.linalg.norm(similar(hand * (-1, 1, 1), hand) - hand, axis=1).mean() > 0.05
    with pytest.raises(ValueError, match="all joints lie at one place"):
        similar(np.ones((21, 3)), hand)


def test_agreeing_outputs_stay_as_they_are():
    hand = mean_hand(tilt=0.3)
    turned = 0.1 * hand @ Rotation.from_euler("x", 0.5).as_matrix().T
    np.testing.assert_allclose(fused_pose(turned, hand[:, :2], hand[:, 2] / 2, depth_gain=2.0), hand, atol=1e-9)


def test_the_mean_has_less_noise_than_either():
    generator, hand = np.random.default_rng(0), mean_hand(tilt=0.3)

    def error(pose):
        return np.linalg.norm(similar(pose, hand) - hand)

    for _ in range(20):
        first, second = hand + 0.05 * generator.normal(size=(2, 21, 3))
        assert error(fused_pose(first, second[:, :2], second[:, 2])) < max(error(first), error(second))


def test_missing_outputs():
    hand = mean_hand()
    assert fused_pose(hand, hand[:, :2], None) is hand
    np.testing.assert_array_equal(fused_pose(None, hand[:, :2], hand[:, 2], 3.0), hand * (1, 1, 3))
    np.testing.assert_array_equal(fused_pose(None, hand[:, :2], None), hand * (1, 1, 0))
