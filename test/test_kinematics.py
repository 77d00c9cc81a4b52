"""The wrist's frame on hands whose back is known, normalisation, degenerate hands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from hand_pose_ros.hand import BONES, LEFT, RIGHT
from hand_pose_ros.kinematics import bone_lengths, normalize, wrist_pose

# A right hand seen from its back by a viewer at +z, fingers towards +y: its thumb is on the viewer's left (-x).
RIGHT_HAND = np.zeros((21, 3))
for finger, x in enumerate((-0.05, -0.025, 0.0, 0.02, 0.04)):
    RIGHT_HAND[1 + 4 * finger : 5 + 4 * finger, 0] = x
    RIGHT_HAND[1 + 4 * finger : 5 + 4 * finger, 1] = (0.03 if finger == 0 else 0.09) + 0.03 * np.arange(4)
LEFT_HAND = RIGHT_HAND * (-1.0, 1.0, 1.0)
angles = st.floats(-np.pi, np.pi)


@settings(deadline=None)
@given(angles, angles, angles)
def test_the_frame_turns_with_the_hand(a, b, c):
    turn = Rotation.from_euler("xyz", (a, b, c)).as_matrix()
    for hand, side, thumb in ((RIGHT_HAND, RIGHT, 1.0), (LEFT_HAND, LEFT, -1.0)):
        position, rotation = wrist_pose(hand @ turn.T + (0.1, 0.2, 0.5), side)
        np.testing.assert_allclose(position, (0.1, 0.2, 0.5))
        x, y, z = (turn.T @ rotation).T
        np.testing.assert_allclose(x, (0, 1, 0), atol=1e-12)  # to the middle MCP
        np.testing.assert_allclose(z, (0, 0, 1), atol=1e-12)  # out of the back, on both hands
        np.testing.assert_allclose(np.linalg.det(rotation), 1.0)
        assert np.sign(y @ (hand[1] - hand[0])) == thumb  # y: thumb's side of a right hand, the other of a left one


def test_hands_without_a_palm_have_no_frame():
    for broken in (np.zeros((21, 3)), RIGHT_HAND * np.nan, RIGHT_HAND * (0, 1, 1), RIGHT_HAND * (1, 0, 0)):
        with pytest.raises(ValueError, match="span no palm"):
            wrist_pose(broken, RIGHT)
    with pytest.raises(ValueError, match="'both': give 'left' or 'right'"):
        wrist_pose(RIGHT_HAND, "both")


@settings(deadline=None)
@given(arrays(np.float64, (21, 3), elements=st.floats(-1, 1)), st.floats(0.01, 100), st.floats(-10, 10))
def test_normalisation_forgets_place_and_size(joints, size, shift):
    try:
        normalized, scale = normalize(joints)
    except ValueError:
        assert np.linalg.norm(joints[9] - joints[0]) <= 1e-9
        return
    np.testing.assert_allclose(normalized[9], 0.0)
    np.testing.assert_allclose(np.linalg.norm(normalized[0]), 1.0)
    np.testing.assert_allclose(normalized * scale + joints[9], joints, atol=1e-12)
    if scale > 0.01:
        again, new_scale = normalize(joints * size + shift)
        np.testing.assert_allclose(again, normalized, atol=1e-6)
        np.testing.assert_allclose(new_scale, size * scale, rtol=1e-6)


def test_bones():
    lengths = bone_lengths(RIGHT_HAND)
    assert lengths.shape == (20,)
    assert bone_lengths(np.zeros((2, 5, 21, 3))).shape == (2, 5, 20)
    for length, (parent, child) in zip(lengths, BONES, strict=True):
        assert length == pytest.approx(np.linalg.norm(RIGHT_HAND[child] - RIGHT_HAND[parent]))
    with pytest.raises(ValueError, match="wrist-to-middle-MCP"):
        normalize(np.zeros((21, 3)))
    with pytest.raises(ValueError, match="finite"):
        normalize(np.full((21, 3), np.nan))
