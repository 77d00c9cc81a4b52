"""The skeleton: lengths kept, angles where they belong, directions as documented, batches equal single hands."""

from __future__ import annotations

import numpy as np
import pytest

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.poses.limits import LIMITS, clip
from hand_pose_ros.training.poses.rotations import about, about_vector, cross, random_rotations
from hand_pose_ros.training.poses.skeleton import ANGLE, ANGLE_NAMES, FINGER_NAMES, RestHand, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand

RANDOM = np.random.default_rng(3)


def angles(**degrees) -> np.ndarray:
    result = np.zeros((1, len(ANGLE)))
    for name, value in degrees.items():
        result[0, ANGLE[name]] = np.radians(value)
    return result


def random_angles(count: int) -> np.ndarray:
    return RANDOM.uniform(LIMITS[:, 0], LIMITS[:, 1], (count, len(ANGLE)))


def between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


def test_bone_lengths_of_the_fingers_never_change():
    rest = standard_hand()
    posed = pose(rest, random_angles(200)).joints
    phalanges = [(a, b) for a, b in BONES if a != 0]
    for a, b in phalanges:
        expected = np.linalg.norm(rest.joints[0, b] - rest.joints[0, a])
        assert np.allclose(np.linalg.norm(posed[:, b] - posed[:, a], axis=1), expected, atol=1e-12)


def test_joint_angles_are_the_angles_between_bones():
    joints = pose(standard_hand(), angles(index_mcp=30, index_pip=70, index_dip=40)).joints[0]
    proximal, middle, distal = np.diff(joints[5:9], axis=0)
    assert between(proximal, middle) == pytest.approx(70)
    assert between(middle, distal) == pytest.approx(40)


@pytest.mark.parametrize("finger", FINGER_NAMES)
def test_straight_fingers_lie_in_the_palm_plane_and_flexion_goes_to_the_palm(finger):
    tip = 8 + 4 * FINGER_NAMES.index(finger)
    straight = pose(standard_hand(), angles()).joints[0]
    assert abs(straight[tip, 2] - straight[tip - 3, 2]) < 0.001
    assert straight[tip, 0] - straight[tip - 3, 0] > 0.045
    bent = pose(standard_hand(), angles(**{f"{finger}_mcp": 60})).joints[0]
    assert bent[tip, 2] < straight[tip, 2] - 0.03  # z points out of the back of the hand


def test_spread_goes_towards_the_thumb_and_opposition_across_the_palm():
    rest = standard_hand()
    straight = pose(rest, angles()).joints[0]
    assert rest.joints[0, 4, 1] > 0.05  # the thumb is on the +y side of a right hand
    assert pose(rest, angles(index_spread=15)).joints[0, 8, 1] > straight[8, 1] + 0.01
    opposed = pose(rest, angles(thumb_opposition=60)).joints[0]
    assert opposed[4, 2] < straight[4, 2] - 0.02
    assert opposed[4, 1] < straight[4, 1]


def test_elbow_and_forearm_move_the_arm_but_not_the_hand():
    rest = standard_hand()
    bent = pose(rest, angles(elbow_flexion=120, forearm_twist=40, wrist_flexion=30))
    assert np.allclose(bent.joints, pose(rest, angles()).joints)
    upper = bent.rotations[0, 0] @ (rest.shoulder[0] - rest.elbow[0])
    lower = bent.rotations[0, 2] @ -rest.elbow[0]
    assert between(upper, lower) == pytest.approx(180 - 120)


def test_a_batch_equals_its_hands_one_by_one():
    some = random_angles(5)
    rest = RestHand.stacked([standard_hand()] * 5)
    together = pose(rest, some)
    for number in range(5):
        alone = pose(rest.row(number), some[number : number + 1])
        for name in ("joints", "rotations", "heads", "frames"):
            assert np.allclose(getattr(together, name)[number], getattr(alone, name)[0])


def test_flesh_follows_the_bones():
    """The motion of each phalanx carries its rest joints to the posed joints."""
    rest, posed = standard_hand(), pose(standard_hand(), random_angles(20))
    for finger in range(5):
        for segment in range(3):
            bone, end = 9 + 3 * finger + segment, 2 + 4 * finger + segment
            offset = rest.joints[0, end] - posed.rest_heads[:, bone]
            carried = np.einsum("nij,nj->ni", posed.rotations[:, bone], offset) + posed.heads[:, bone]
            assert np.allclose(carried, posed.joints[:, end])


def test_rotations():
    assert np.allclose(about("y", np.pi / 2) @ [1, 0, 0], [0, 0, -1])
    axis = np.array([1.0, 2.0, 2.0]) / 3
    assert np.allclose(about_vector(axis, 0.7) @ axis, axis)
    assert np.allclose(about_vector(np.array([0.0, 0, 1]), np.array([0.3])), about("z", [0.3]))
    turns = random_rotations(RANDOM, 50)
    assert np.allclose(turns @ np.swapaxes(turns, 1, 2), np.eye(3))
    assert np.allclose(np.linalg.det(turns), 1)
    a, b = RANDOM.normal(size=(2, 7, 3))
    assert np.allclose(cross(a, b), np.cross(a, b))


def test_limits_cover_every_angle_and_clip():
    assert LIMITS.shape == (len(ANGLE_NAMES), 2)
    assert (LIMITS[:, 0] < LIMITS[:, 1]).all()
    wild = RANDOM.normal(0, 5, (10, len(ANGLE)))
    assert (clip(wild) >= LIMITS[:, 0]).all()
    assert (clip(wild) <= LIMITS[:, 1]).all()
