"""The fit's derivatives against finite differences; the eliminated unknowns against sampling."""

from __future__ import annotations

import numpy as np

from hand_pose_ros import skeleton_fit
from hand_pose_ros.kinematics import bone_lengths
from hand_pose_ros.skeleton_fit import LENGTHS, POSE_STDDEV, SIZE_STDDEV, TURN_STDDEV, pose_precision, proportioned
from hand_pose_ros.training.mean_hand import mean_hand


def terms(generator):
    pose = mean_hand(tilt=0.4)
    root = np.array([0.4, -0.2, 6.0])
    points = (pose + root)[:, :2] / (pose + root)[:, 2:] + 0.02 * generator.normal(size=(21, 2))
    return pose + root, pose_precision(pose), points, np.full(21, 0.01**-2)


def test_gradient():
    generator = np.random.default_rng(0)
    arguments = terms(generator)
    joints = arguments[0] + 0.05 * generator.normal(size=(21, 3))
    _, gradient, _ = skeleton_fit._linearize(joints, *arguments)
    shifts = 1e-6 * np.eye(63).reshape(63, 21, 3)
    costs = [[skeleton_fit._linearize(joints + sign * shift, *arguments)[0] for shift in shifts] for sign in (1, -1)]
    np.testing.assert_allclose((np.array(costs[0]) - costs[1]) / 2e-6, gradient, rtol=1e-5, atol=1e-4)


def test_normal_matrix_is_positive_definite():
    generator = np.random.default_rng(1)
    arguments = terms(generator)
    for spread in (0.0, 0.1, 0.5):
        joints = arguments[0] + spread * generator.normal(size=(21, 3))
        normal = skeleton_fit._linearize(joints, *arguments)[2]
        np.testing.assert_allclose(normal, normal.T, atol=1e-6)
        assert np.linalg.eigvalsh(normal).min() > 1e-3


def test_eliminated_unknowns_widen_the_covariance():
    """Sampled poses, moved freely, turned and resized, have the covariance whose inverse the fit uses."""
    generator = np.random.default_rng(2)
    pose = mean_hand(tilt=0.4)
    centred = pose - pose.mean(axis=0)
    samples = [
        np.cross(TURN_STDDEV * generator.normal(size=3), centred)
        + SIZE_STDDEV * generator.normal() * centred
        + POSE_STDDEV * generator.normal(size=(21, 3))
        for _ in range(20000)
    ]
    samples = np.array(samples).reshape(-1, 63)
    square = np.einsum("ni,ij,nj->n", samples, pose_precision(pose), samples)
    assert abs(square.mean() - 60) < 1  # 63 numbers less the three of the free position
    free = np.tile(np.eye(3)[0], 21)
    np.testing.assert_allclose(pose_precision(pose) @ free, 0.0, atol=1e-6)


def test_proportioned():
    pose = 3.0 * mean_hand()
    np.testing.assert_allclose(bone_lengths(proportioned(pose)).sum(), LENGTHS[:20].sum())
    np.testing.assert_array_equal(proportioned(np.zeros((21, 3))), np.zeros((21, 3)))
