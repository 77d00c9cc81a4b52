"""Coverage of the pose prior: distances that can be known beforehand."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.coverage import in_palm, procrustes_distance
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.rotations import random_rotations
from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.poses.standard_hand import standard_hand

RANDOM = np.random.default_rng(2)
HANDS = pose(standard_hand(), np.array([POSES[name].angles for name in ("open", "fist", "point")])).joints


def test_alignment_removes_place_size_and_turn_but_not_the_pose_or_the_side():
    turned = 1.3 * HANDS @ random_rotations(RANDOM, 3) + RANDOM.normal(size=(3, 1, 3))
    assert np.allclose(procrustes_distance(turned, HANDS), 0, atol=1e-9)
    assert (procrustes_distance(HANDS[[1, 2, 0]], HANDS) > 0.008).all()
    assert (procrustes_distance(HANDS * [1, 1, -1], HANDS) > 0.003).all()


def test_the_palm_frame_forgets_where_the_hand_was():
    turned = 2.0 * HANDS @ random_rotations(RANDOM, 3) + 0.5
    local = in_palm(turned)
    assert np.allclose(local, in_palm(HANDS))
    assert np.allclose(local[:, 9], [1, 0, 0])
    assert (local[:, 5, 1] > 0).all()
