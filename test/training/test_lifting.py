"""The lifter's views and training: what goes in comes out again, and a short training learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.lifting import confidence, network_input, restored, seen_at, virtual_view, whole_hand
from hand_pose_ros.networks.lifter import INPUTS, KeypointLifter
from hand_pose_ros.training.lifting.rotations import random_rotations
from hand_pose_ros.training.lifting.skeletons import normalized_skeletons
from hand_pose_ros.training.lifting.teacher_noise import TeacherNoise, features, fit
from hand_pose_ros.training.lifting.train_lifter import LifterConfig, load_weights, train, validate
from hand_pose_ros.training.lifting.views import Noise, examples
from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES

CAMERA = CameraModel.from_intrinsics(640, 480, (600.0, 590.0, 310.0, 250.0))
QUIET = Noise(keypoint=0.0, finger=0.0, outlier_share=0.0, guess_rotation=0.0, guess_bone=0.0, guess_joint=0.0)


@pytest.fixture(scope="module")
def skeletons():
    generator = np.random.default_rng(0)
    angles = np.abs(generator.normal(0.2, 0.3, (64, len(ANGLE_NAMES)))).astype(np.float32)
    return normalized_skeletons(generator, angles)


def hand_before_camera(skeleton, side=1.0):
    turn = random_rotations(1, torch.Generator().manual_seed(3))[0].numpy()
    return 0.09 * (skeleton * [side, 1.0, 1.0]) @ turn.T + [0.1, -0.05, 0.6]


def test_skeletons_are_normalised(skeletons):
    np.testing.assert_allclose(skeletons[:, MIDDLE_MCP], 0.0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(skeletons[:, WRIST], axis=1), 1.0, rtol=1e-5)


def test_the_virtual_view_undoes_place_roll_and_camera(skeletons):
    view = virtual_view(CAMERA.project(hand_before_camera(skeletons[0])), CAMERA, "right")
    along = view.keypoints[MIDDLE_MCP] - view.keypoints[WRIST]
    assert along[1] < 0.0
    assert abs(along[0]) < 0.1 * abs(along[1])
    assert np.sqrt((view.keypoints - view.keypoints.mean(axis=0)) ** 2).sum(axis=1).mean() < 2.0
    np.testing.assert_allclose(view.rotation @ view.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(view.rotation) == pytest.approx(1.0)


def test_a_mirrored_hand_gives_the_same_view_as_the_hand(skeletons):
    joints = hand_before_camera(skeletons[1])
    mirrored = joints * [-1.0, 1.0, 1.0]
    camera = CameraModel.from_intrinsics(640, 480, (600.0, 590.0, 319.5, 250.0))
    right, left = (
        virtual_view(camera.project(points), camera, side) for points, side in ((joints, "right"), (mirrored, "left"))
    )
    np.testing.assert_allclose(right.keypoints, left.keypoints, atol=1e-9)
    assert np.linalg.det(left.rotation) == pytest.approx(-1.0)


def test_joints_in_the_view_come_back_to_the_camera(skeletons):
    joints = hand_before_camera(skeletons[2], side=-1.0)
    view = virtual_view(CAMERA.project(joints), CAMERA, "left")
    normalised = (joints - joints[MIDDLE_MCP]) / np.linalg.norm(joints[WRIST] - joints[MIDDLE_MCP])
    np.testing.assert_allclose(restored(normalised @ view.rotation, view.rotation), normalised, atol=1e-9)


def test_keypoints_of_the_view_are_seen_where_they_came_from(skeletons):
    pixels = CAMERA.project(hand_before_camera(skeletons[3]))
    view = virtual_view(pixels, CAMERA, "left")
    np.testing.assert_allclose(seen_at(view.keypoints, view, CAMERA), pixels, atol=1e-6)


def test_training_prepares_hands_as_the_package_does(skeletons):
    """A noiseless example's input equals ``network_input`` of the same hand seen by a camera."""
    batch = examples(torch.from_numpy(skeletons), replace(QUIET, guess_share=1.0), torch.Generator().manual_seed(1))
    row = batch.inputs[0].double().numpy()
    extent = np.exp(row[63])
    plane = row[:42].reshape(21, 2) * extent
    camera = CameraModel.from_intrinsics(1000, 1000, (700.0, 700.0, 500.0, 500.0))
    pixels = camera.project(np.column_stack([plane, np.ones(21)]))
    view = virtual_view(pixels, camera, "right")
    guess = batch.joints[0].double().numpy() @ view.rotation.T
    scores = 1.0 / (1.0 + np.exp(-4.0 * row[42:63]))
    np.testing.assert_allclose(network_input(view, scores, guess), row, atol=2e-3)


def test_truth_projects_onto_the_true_keypoints(skeletons):
    batch = examples(torch.from_numpy(skeletons), QUIET, torch.Generator().manual_seed(1))
    given = batch.inputs[:, :42].reshape(-1, 21, 2)
    torch.testing.assert_close(given, batch.keypoints, atol=1e-4, rtol=1e-4)


def test_a_teacher_without_errors_changes_nothing(skeletons):
    size = features(torch.zeros(1, 21, 2), torch.zeros(1, 21), torch.ones(1, 1)).shape[1]
    teacher = TeacherNoise(
        torch.zeros(size, 105), torch.zeros(105, 105), torch.tensor([-2.0, -1.0, 0.5]), torch.ones(2, 3)
    )
    noise = replace(QUIET, teacher_share=1.0)
    batch = examples(torch.from_numpy(skeletons), noise, torch.Generator().manual_seed(1), teacher)
    torch.testing.assert_close(batch.inputs[:, :42].reshape(-1, 21, 2), batch.keypoints, atol=1e-3, rtol=1e-3)


def test_keypoints_without_extent_are_refused():
    with pytest.raises(ValueError, match="one pixel"):
        virtual_view(np.full((21, 2), 100.0), CAMERA, "right")


def test_an_answer_that_is_no_hand_is_refused():
    with pytest.raises(ValueError, match="no hand"):
        restored(np.zeros((21, 3)), np.eye(3))


def test_the_lifter_is_within_its_size():
    parameters = sum(parameter.numel() for parameter in KeypointLifter().parameters())
    assert parameters * 2 < 6e6  # bytes in half precision


def tiny(steps):
    return LifterConfig(width=64, blocks=1, steps=steps, batch=64, warmup=5, poses=200)


def test_a_short_training_learns_and_continues_where_it_stopped(tmp_path):
    seen = []
    config = tiny(60)
    weights = train(config, tmp_path, report=lambda step, loss, distance: seen.append((step, distance)))
    assert np.mean([d for _, d in seen[-10:]]) < 0.6 * np.mean([d for _, d in seen[:5]])
    before = weights.read_bytes()
    again = []
    train(config, tmp_path, report=lambda step, *_: again.append(step))
    assert again == []
    assert weights.read_bytes() == before
    with pytest.raises(ValueError, match="another configuration"):
        train(tiny(61), tmp_path)
    figures = validate(load_weights(config, weights), config, tmp_path, count=128)
    assert 0.0 < figures["joint_error"] < 1.0


def test_outputs_keep_their_shapes_for_any_batch():
    network = KeypointLifter(32, 1)
    assert network.example(3).shape == (3, INPUTS)
    shapes = {name: tuple(value.shape) for name, value in network(network.example(3)).items()}
    assert shapes == {
        "joints": (3, 21, 3), "joint_stddev": (3, 21, 2), "keypoints": (3, 21, 2), "keypoint_stddev": (3, 21),
        "distance": (3,), "distance_stddev": (3,),
    }  # fmt: skip


def test_the_distance_is_that_of_the_middle_mcp(skeletons):
    batch = examples(torch.from_numpy(skeletons), QUIET, torch.Generator().manual_seed(1))
    extent = batch.inputs[:, 63].exp()
    # A hand at this distance that is seen across this many radians: about half a hand scale (these fingers are bent).
    assert (batch.distance * extent).median() == pytest.approx(0.5, abs=0.25)
    shown = torch.cat([batch.keypoints * extent[:, None, None], torch.ones(64, 21, 1)], dim=2)
    rays = torch.nn.functional.normalize(shown, dim=2)
    root = batch.distance[:, None] * rays[:, MIDDLE_MCP]
    wrist = root + batch.joints[:, WRIST]
    torch.testing.assert_close(torch.nn.functional.normalize(wrist, dim=1), rays[:, WRIST], atol=1e-3, rtol=1e-3)


def test_scores_reach_the_network_as_logits():
    scores = np.array([0.0, 0.5, 0.9, 1.0])
    found = confidence(scores)
    assert found[1] == 0.0
    assert (np.diff(found) > 0.2).all()
    assert np.isfinite(found).all()


def drawn_views(count, generator, easy):
    """Views whose said keypoints are shrunken and noisy, less so where the teacher is sure."""
    sure = torch.rand(count, generator=generator) * 1.5
    plane = torch.randn(count, 21, 2, generator=generator)
    guess = torch.randn(count, 21, 3, generator=generator)
    size = torch.exp(-1.0 - easy * sure)[:, None, None]
    noise = size * torch.randn(count, 21, 2, generator=generator)
    return {
        "plane": plane, "guess": guess, "depth": guess[..., 2], "sure": sure,
        "said_plane": plane * (0.98 - 0.5 * size) + noise, "said_guess": guess + 0.1,
    }  # fmt: skip


def test_a_teachers_noise_is_learnt_with_its_dependence_on_the_presence_score():
    generator = torch.Generator().manual_seed(0)
    views = drawn_views(6000, generator, easy=1.0)
    noise = fit(views)
    assert noise.level[1] == pytest.approx(-1.0, abs=0.1)
    for sure in (0.2, 1.3):
        held = torch.full((6000,), sure)
        plane, guess = noise.sample(views["plane"], views["depth"], views["guess"], held, generator)
        size = np.exp(-1.0 - sure)
        shrink = (plane * views["plane"]).sum() / views["plane"].pow(2).sum()
        assert float(shrink) == pytest.approx(0.98 - 0.5 * size, abs=0.02)
        assert float((plane - shrink * views["plane"]).std()) == pytest.approx(size, rel=0.15)
        assert float((guess - views["guess"]).mean()) == pytest.approx(0.1, abs=0.02)


def test_a_teachers_noise_is_stored(tmp_path):
    noise = fit(drawn_views(500, torch.Generator().manual_seed(0), easy=1.0), torch.tensor([1.0, 1.2]), easier=0.3)
    noise.save(tmp_path / "noise.npz")
    stored = TeacherNoise.load(tmp_path / "noise.npz")
    for name in ("factor", "usual"):
        torch.testing.assert_close(getattr(stored, name), getattr(noise, name), atol=2e-3, rtol=2e-3)


def test_noise_without_scores_to_expect_is_refused(tmp_path):
    np.savez(tmp_path / "old.npz", weights=np.zeros((2, 105)), factor=np.zeros((105, 105)), level=np.zeros(3))
    with pytest.raises(ValueError, match=r"has no \['usual'\]: make it with"):
        TeacherNoise.load(tmp_path / "old.npz")


@pytest.mark.parametrize(("share", "row"), [(1.0, 0), (0.0, 1)])
def test_examples_have_the_scores_of_the_teachers_photographs_and_of_its_renders(skeletons, share, row):
    photographs = 1.3 + 0.1 * torch.randn(200, generator=torch.Generator().manual_seed(1))
    teacher = fit(drawn_views(500, torch.Generator().manual_seed(0), easy=1.0), photographs, easier=0.3)
    noise = replace(QUIET, teacher_share=1.0, photograph_share=share)
    many = torch.from_numpy(skeletons).repeat(40, 1, 1)
    scores = examples(many, noise, torch.Generator().manual_seed(1), teacher).inputs[:, 42:63]
    assert (scores == scores[:, :1]).all()
    assert float(scores.mean()) == pytest.approx(float(teacher.usual[row, 0]), abs=0.08)
    assert teacher.usual[row, 2] == pytest.approx(0.3 * share)


def test_the_score_of_a_whole_hand_is_that_of_its_mean_logit():
    assert whole_hand(np.full(21, 0.9)) == pytest.approx(0.9)
    mixed = np.r_[np.full(10, 0.9), 0.5, np.full(10, 0.1)]
    assert whole_hand(mixed) == pytest.approx(0.5)
    assert 0.0 < whole_hand(np.zeros(21)) < whole_hand(np.ones(21)) < 1.0
