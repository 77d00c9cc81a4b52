from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.filters import BoneLengths, FilterSettings, HandFilter, OneEuro, gain, with_lengths
from hand_pose_ros.hand import HandPose, HandScale
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.kinematics import bone_lengths, normalize
from hand_pose_ros.metric_hand import placed
from hand_pose_ros.region import hand_box

CAMERA = CameraModel.from_fov(640, 480, 60.0)
DT = 1 / 30


def pose(drawn, x=300.0, joints=None):
    keypoints = drawn.points((x, 300.0), (x, 230.0))
    hand = HandPose(
        handedness="right", handedness_score=0.9, score=0.9, box=hand_box(keypoints), keypoints_px=keypoints,
        keypoint_scores=np.ones(21), keypoint_stddev_px=np.ones(21),
        normalized_joints=normalize(drawn.template if joints is None else joints)[0],
    )  # fmt: skip
    return placed(hand, CAMERA, HandScales())


def test_one_euro_is_the_papers_recursion():
    rng, value, speed = np.random.default_rng(5), None, 0.0
    smoother, signal = OneEuro(), np.cumsum(rng.normal(0, 0.2, 60))
    for n, x in enumerate(signal):
        found = smoother(np.array([x]), n * DT, 1.5, 0.7)[0]
        if value is None:
            value = x
        else:

            def alpha(cutoff):
                return 1 / (1 + (1 / (2 * np.pi * cutoff)) / DT)

            speed = alpha(1.0) * (x - value) / DT + (1 - alpha(1.0)) * speed
            a = alpha(1.5 + 0.7 * abs(speed))
            value = a * x + (1 - a) * value
        assert found == pytest.approx(value, abs=1e-12)


def test_a_still_hand_is_steadied():
    rng, smoother = np.random.default_rng(6), OneEuro()
    noise = rng.normal(0, 0.005, (300, 21, 2))
    smooth = np.array([smoother(value, n * DT, 2.0, 4.0) for n, value in enumerate(noise)])
    assert smooth[30:].std() < 0.6 * noise.std()


def test_a_fast_hand_is_followed():
    smoother = OneEuro()
    for n in range(60):  # 3 hand sizes per second
        smooth = smoother(np.array([3.0 * n * DT]), n * DT, 2.0, 4.0)
    assert 3.0 * 59 * DT - smooth[0] < 3.0 * 0.02  # less than 20 ms behind


def test_the_rate_does_not_matter():
    ends = []
    for dt in (1 / 120, 1 / 30):
        smoother = OneEuro()
        values = [smoother(np.array([float(t >= 0.5)]), t, 1.0, 0.0)[0] for t in np.arange(0, 0.8, dt)]
        ends.append(values[-1])
    assert ends[0] == pytest.approx(ends[1], abs=0.05)


def test_a_stamp_that_is_not_later_passes_the_value_on():
    smoother = OneEuro()
    smoother(np.array([0.0]), 1.0, 1.0, 0.0)
    assert smoother(np.array([5.0]), 1.0, 1.0, 0.0)[0] == 5.0
    assert smoother(np.array([7.0]), 0.5, 1.0, 0.0)[0] == 7.0
    assert np.isfinite(smoother(np.array([8.0]), 0.6, 1.0, 0.0)[0])


def test_gain_is_a_share():
    assert 0 < gain(1e-3, 1e-3) < 1e-4
    assert gain(1e6, 1.0) == pytest.approx(1.0)


def test_bone_lengths_are_a_running_mean(drawn):
    rng, bones = np.random.default_rng(7), BoneLengths()
    joints = [normalize(drawn.template + rng.normal(0, 0.05, (21, 3)))[0] for _ in range(200)]
    means = np.array([bones(each, n * DT, 2.0) for n, each in enumerate(joints)])
    raw = np.array([bone_lengths(each) for each in joints])
    assert np.allclose(means[0], raw[0])
    assert means[100:].std(axis=0).mean() < 0.25 * raw[100:].std(axis=0).mean()
    assert np.allclose(means[30], raw[:31].mean(axis=0), rtol=0.05)
    assert np.allclose(bones(joints[0], 99.0, 0.0), raw[0])


def test_bones_of_a_filtered_hand_hardly_change(drawn):
    lengths = [
        np.array([bone_lengths(hand.joints_m) for hand in run(drawn, FilterSettings(bone_memory_s=memory))[1][100:]])
        for memory in (0.0, 5.0)
    ]
    assert lengths[1].std(axis=0).mean() < 0.25 * lengths[0].std(axis=0).mean()


def test_with_lengths_sets_them_and_moves_little(drawn):
    joints = normalize(drawn.template)[0]
    lengths = bone_lengths(joints) * np.random.default_rng(10).normal(1.0, 0.03, 20)
    result = with_lengths(joints, lengths)
    assert np.allclose(bone_lengths(result), lengths, rtol=1e-3)
    assert (result[9] == 0).all()
    assert np.abs(result - joints).max() < 0.08
    assert np.allclose(with_lengths(joints, bone_lengths(joints)), joints)


def run(drawn, settings, count=150, joint_noise=0.03):
    """Raw and filtered poses of a hand that is still, seen with noise."""
    rng, smoother = np.random.default_rng(8), HandFilter()
    raw = [
        pose(drawn, 300 + rng.normal(0, 2), drawn.template + rng.normal(0, joint_noise, (21, 3))) for _ in range(count)
    ]
    return raw, [smoother(hand, n * DT, settings) for n, hand in enumerate(raw)]


@pytest.mark.parametrize(
    ("part", "axes"), [("keypoints_px", slice(0, 2)), ("joints_m", slice(0, 2)), ("joints_m", slice(2, 3))]
)
def test_a_whole_hand_is_steadied(drawn, part, axes):
    raw, smooth = run(drawn, FilterSettings(beta=2.0, depth_beta=2.0), joint_noise=0.01)
    before, after = (
        np.array([getattr(hand, part)[:, axes] for hand in some[50:]]).std(axis=0).mean() for some in (raw, smooth)
    )
    assert after < 0.75 * before


def test_pixels_metres_and_shape_stay_consistent(drawn):
    _, smooth = run(drawn, FilterSettings())
    for hand in smooth[-10:]:
        assert np.abs(CAMERA.project(hand.joints_m)[9] - hand.keypoints_px[9]).max() < 6
        assert np.allclose(hand.normalized_joints, normalize(hand.joints_m)[0])


def test_the_first_pose_is_passed_on(drawn):
    hand = pose(drawn)
    smooth = HandFilter()(hand, 0.0, FilterSettings())
    assert np.allclose(smooth.keypoints_px, hand.keypoints_px)
    assert np.allclose(smooth.joints_m, hand.joints_m)
    assert np.allclose(smooth.normalized_joints, hand.normalized_joints)


def test_smoothing_the_distance_keeps_the_root_on_its_ray(drawn):
    smoother, settings = HandFilter(), FilterSettings(depth_min_cutoff_hz=0.1, depth_beta=0.0, min_cutoff_hz=100.0)
    near = pose(drawn)
    far = replace(near, joints_m=near.joints_m + 0.2 * near.joints_m[9])
    smoother(near, 0.0, settings)
    steady = smoother(far, DT, settings)
    assert near.joints_m[9, 2] < steady.joints_m[9, 2] < near.joints_m[9, 2] * 1.02
    assert np.allclose(CAMERA.project(steady.joints_m)[9], CAMERA.project(near.joints_m)[9])


def test_a_new_hand_scale_counts_at_once(drawn):
    smoother, hand = HandFilter(), pose(drawn)
    smoother(hand, 0.0, FilterSettings())
    larger = HandScale(2 * hand.hand_scale.mean_m, 0.0, "user")
    changed = smoother(replace(hand, joints_m=2 * hand.joints_m, hand_scale=larger), DT, FilterSettings())
    assert np.allclose(changed.joints_m, 2 * hand.joints_m)


def test_without_metres_the_shape_is_smoothed(drawn):
    smoother, settings = HandFilter(), FilterSettings(min_cutoff_hz=0.1, beta=0.0, bone_memory_s=0.0)
    first, second = (
        replace(pose(drawn, joints=drawn.template * (1, 1, depth)), joints_m=None, hand_scale=None) for depth in (1, 3)
    )
    smoother(first, 0.0, settings)
    smooth = smoother(second, DT, settings)
    assert smooth.joints_m is None
    assert np.abs(smooth.normalized_joints - first.normalized_joints).max() < 0.01
    assert np.linalg.norm(smooth.normalized_joints[0]) == pytest.approx(1)


def test_metres_that_come_and_go_do_no_harm(drawn):
    smoother, hand = HandFilter(), pose(drawn)
    for n in range(10):
        seen = hand if n % 2 else replace(hand, joints_m=None, hand_scale=None)
        smooth = smoother(seen, n * DT, FilterSettings())
        assert (smooth.joints_m is None) == (n % 2 == 0)
    assert np.allclose(smooth.joints_m, hand.joints_m, atol=0.005)


def test_settings_refuse_nonsense():
    with pytest.raises(ValueError, match="min_cutoff_hz is 0"):
        FilterSettings(min_cutoff_hz=0.0)
