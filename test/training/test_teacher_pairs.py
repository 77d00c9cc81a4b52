"""Pairs of rendered truth and a model's answer: collected, stored, turned into views."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

MAKEHUMAN = os.environ.get("HAND_POSE_ROS_MAKEHUMAN")
pytestmark = pytest.mark.skipif(not MAKEHUMAN, reason="set HAND_POSE_ROS_MAKEHUMAN to MakeHuman's data folder")


class Perfect:
    """An estimator that is told nothing and sees a fixed hand, or nothing at all."""

    def __init__(self, sees: bool):
        self.sees = sees

    def pose_crop(self, keypoints_px):
        from hand_pose_ros.region import hand_box

        return hand_box(keypoints_px)

    def observe(self, images, boxes, cameras, sides):
        assert images[0].shape == (256, 256, 3)
        hand = SimpleNamespace(
            keypoints_px=np.random.default_rng(0).uniform(50, 200, (21, 2)),
            normalized_joints=np.random.default_rng(1).normal(size=(21, 3)), handedness=sides[0][0],
            keypoint_scores=np.full(21, 0.9),
        )  # fmt: skip
        return [[hand if self.sees else None]]


def collected(sees=True, count=6):
    from hand_pose_ros.training.lifting.teacher_pairs import collect

    return collect(Perfect(sees), Path(MAKEHUMAN), count, seed=1)


def test_pairs_hold_truth_that_projects_into_the_picture(tmp_path):
    from hand_pose_ros.training.lifting.teacher_noise import true_views
    from hand_pose_ros.training.lifting.teacher_pairs import SIZE, TeacherPairs

    collected().save(tmp_path / "pairs.npz")
    pairs = TeacherPairs.load(tmp_path / "pairs.npz")
    assert pairs.joints_m.shape == (6, 21, 3)
    np.testing.assert_allclose(pairs.score, 0.9)
    fx, fy, cx, cy = pairs.intrinsics.T[:, :, None]
    x, y, z = np.moveaxis(pairs.joints_m, -1, 0)
    pixels = np.stack([fx * x / z + cx, fy * y / z + cy], axis=-1)
    assert np.median((pixels > 0) & (pixels < SIZE)) == 1.0
    views = true_views(pairs)
    np.testing.assert_allclose(views["joints"][:, 0].norm(dim=1), 1.0, rtol=1e-4)
    assert (views["plane"][:, 9, 1] < views["plane"][:, 0, 1]).all()  # fingers up


def test_a_model_that_sees_nothing_is_named():
    with pytest.raises(ValueError, match="saw none of 3 rendered hands"):
        collected(sees=False, count=3)
