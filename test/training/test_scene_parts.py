"""Parts of a scene that need neither OpenGL nor the MakeHuman files: cameras, views, backgrounds, sensors, motion."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.settings import check
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.poses.standard_hand import standard_hand
from hand_pose_ros.training.renderer.backgrounds import Backgrounds
from hand_pose_ros.training.renderer.looks import random_appearances, random_lights
from hand_pose_ros.training.renderer.motion import HandMotion, KeyPose, upright
from hand_pose_ros.training.renderer.projection import enlarged, light_matrices, projection_matrices
from hand_pose_ros.training.renderer.scene import project
from hand_pose_ros.training.renderer.sensor import Sensor, add_noise, expose, streak
from hand_pose_ros.training.renderer.shape import random_shape
from hand_pose_ros.training.renderer.viewpoint import ViewSettings, random_views

RANDOM = np.random.default_rng(11)
JOINTS = pose(standard_hand(), POSES["open"].angles).joints[0]


def test_clip_coordinates_are_the_pixels_of_the_pinhole_camera():
    matrix = np.array([[300.0, 0, 70], [0, 310.0, 40], [0, 0, 1]])
    points = RANDOM.uniform((-0.2, -0.2, 0.3), (0.2, 0.2, 1.5), (20, 3))
    clip = np.concatenate([points, np.ones((20, 1))], axis=1) @ projection_matrices(matrix[None], 160, 120)[0].T
    in_buffer = (clip[:, :2] / clip[:, 3:] + 1) / 2 * (160, 120)
    assert np.allclose(in_buffer - 0.5, project(matrix, points))
    depth = clip[:, 2] / clip[:, 3]
    assert (np.diff(depth[np.argsort(points[:, 2])]) > 0).all()


def test_an_enlarged_camera_keeps_pixel_centres():
    matrix = np.array([[100.0, 0, 9.5], [0, 100.0, 9.5], [0, 0, 1]])
    pixel = project(matrix, np.array([[0.0, 0.0, 1.0]]))[0]
    large = project(enlarged(matrix, 4), np.array([[0.0, 0.0, 1.0]]))[0]
    assert np.allclose(large, 4 * pixel + 1.5)  # the middle of its block of 4 x 4


def test_the_light_sees_the_sphere_and_what_is_nearer_to_it_first():
    direction, centre = np.array([0.3, -0.8, -0.5]), np.array([0.1, 0, 0.6])
    direction /= np.linalg.norm(direction)
    view = light_matrices(direction[None], centre[None], np.array([0.2]))[0]
    near, far = (view @ [*(centre + s * 0.19 * direction), 1] for s in (1, -1))
    assert near[2] < far[2]
    assert np.abs([near, far]).max() <= 1
    assert np.linalg.det(view[:3, :3]) > 0


@pytest.mark.parametrize("roll", [0.0, 360.0])
def test_views_fill_the_crop_as_asked(roll):
    settings = ViewSettings(roll_deg=roll, shift=0.0)
    views = random_views(RANDOM, settings, np.repeat(JOINTS[None], 60, axis=0), 128)
    assert np.allclose(views.rotations @ np.swapaxes(views.rotations, 1, 2), np.eye(3))
    rolls = []
    for rotation, wrist, matrix in zip(views.rotations, views.wrists_m, views.camera_matrices, strict=True):
        placed = JOINTS @ rotation.T + wrist
        pixels = project(matrix, placed)
        if placed[:, 2].min() > 0.05:
            extent = np.ptp(pixels, axis=0).max() / 128
            assert settings.smallest - 1e-6 <= extent <= settings.largest + 1e-6
            assert np.allclose((pixels.min(axis=0) + pixels.max(axis=0)) / 2, 63.5)
        x, y = pixels[9] - pixels[0]
        rolls.append(np.degrees(np.arctan2(x, -y)))
    assert (np.abs(rolls) < 1).all() if roll == 0 else np.std(rolls) > 60


def test_frontal_hands_show_palm_or_back_to_the_camera():
    settings = ViewSettings(frontal=1.0, frontal_deg=20.0, roll_deg=10.0)
    views = random_views(RANDOM, settings, np.repeat(JOINTS[None], 300, axis=0), 128)
    back = views.rotations[:, 2, 2]  # z of the back's direction: positive when the palm faces the camera
    assert (np.abs(back) > 0.5).mean() > 0.9
    assert 0.55 < (back > 0).mean() < 0.78
    fingers = views.rotations[:, :, 0]
    assert (fingers[:, 1] < -0.5).mean() > 0.9  # up in the image


def test_settings_refuse_nonsense():
    check(ViewSettings())
    with pytest.raises(ValueError, match="near_m"):
        check(replace(ViewSettings(), near_m=-1.0))


def test_a_raised_hand_shows_its_palm_with_the_thumb_on_the_proper_side():
    for side, sign in ((RIGHT, 1), (LEFT, -1)):
        rotation = upright(side, 0, 0, 0)
        assert np.allclose(rotation @ [1, 0, 0], [0, -1, 0])  # fingers up
        assert np.allclose(rotation @ [0, 0, 1], [0, 0, 1])  # back away from the camera
        thumb = rotation @ (JOINTS[4] * (1, sign, 1))
        assert np.sign(thumb[0]) == sign
        assert np.allclose(upright(side, 180, 0, 0) @ [0, 0, 1], [0, 0, -1])


def test_motion_passes_its_keys_smoothly_and_ends():
    keys = [
        KeyPose(t, POSES[name].angles, wrist, facing)
        for t, name, wrist, facing in (
            (0.5, "open", (0, 0, 0.5), (0, 0, 0)), (1.0, "fist", (0.1, 0, 0.5), (40, 0, 10)),
            (2.0, "point", (0.1, 0.1, 0.4), (170, 0, 0)),
        )
    ]  # fmt: skip
    motion = HandMotion(RIGHT, keys)
    assert motion.at(0.4) is None
    assert motion.at(2.1) is None
    angles, rotation, wrist = motion.at(1.0)
    assert np.degrees(np.abs(angles - POSES["fist"].angles)).max() < 1.5
    assert np.allclose(wrist, (0.1, 0, 0.5), atol=0.004)
    assert np.allclose(rotation, upright(RIGHT, 40, 0, 10))
    path = np.array([motion.at(t)[2] for t in np.arange(0.5, 2.0, 1 / 60)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.015


def test_backgrounds_have_the_size_asked_for_and_differ():
    backgrounds = Backgrounds(np.random.default_rng(0), count=8)
    pieces = [backgrounds.take(96, 64) for _ in range(12)]
    assert {piece.shape for piece in pieces} == {(64, 96, 3)}
    assert {piece.dtype for piece in pieces} == {np.dtype(np.uint8)}
    assert np.std([piece.mean() for piece in pieces]) > 5


def test_photographs_from_a_folder_come_too_and_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no photographs under"):
        Backgrounds(np.random.default_rng(0), [tmp_path])
    cv2.imwrite(str(tmp_path / "pure.png"), np.full((50, 80, 3), (0, 0, 255), np.uint8))
    backgrounds = Backgrounds(np.random.default_rng(0), [tmp_path], count=2)
    flat = [piece for piece in (backgrounds.take(32, 32) for _ in range(20)) if piece.std(axis=(0, 1)).max() < 1]
    assert flat
    assert all(piece[..., 0].mean() > piece[..., 2].mean() for piece in flat)  # red stays red: RGB order


def test_a_sensor_of_zeros_changes_nothing_and_others_do():
    image = RANDOM.integers(0, 256, (48, 48, 3)).astype(np.uint8)
    assert np.array_equal(expose(image, Sensor(), RANDOM), image)
    for sensor in (
        Sensor(defocus_px=2.0), Sensor(motion_px=8.0), Sensor(gain=0.5), Sensor(noise=10.0), Sensor(jpeg=40),
    ):  # fmt: skip
        changed = expose(image, sensor, RANDOM)
        assert changed.shape == image.shape
        assert np.abs(changed.astype(int) - image).mean() > 1, sensor


def test_jpeg_keeps_the_colour_order():
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    assert np.abs(expose(red, Sensor(jpeg=90), RANDOM).astype(int) - red).max() < 12


def test_noise_grows_with_brightness_and_streaks_keep_it():
    dark, bright = (add_noise(np.full((64, 64, 3), v, np.uint8), 10.0, RANDOM).std() for v in (30, 200))
    assert bright > 1.3 * dark
    kernel = streak(9.0, 0.5)
    assert kernel.sum() == pytest.approx(1)
    assert np.count_nonzero(kernel) >= 7


def test_looks_and_shapes_are_finite_and_vary():
    looks = random_appearances(RANDOM, range(20), 60)
    assert len({look.skin for look in looks}) > 10
    assert 10 < sum(look.sleeve is not None for look in looks) < 55
    assert 0 < sum(look.tattoo is not None for look in looks) < 25
    for lights in random_lights(RANDOM, 5):
        assert np.allclose(np.linalg.norm(lights.directions, axis=1), 1)
        assert lights.exposure > 0
    shapes = [random_shape(RANDOM) for _ in range(60)]
    assert min(shape.length_m for shape in shapes) > 0.08
    for shape in shapes:
        ancestry = [w for name, w in shape.targets.items() if "universal" not in name and "macro" in name]
        assert sum(ancestry) == pytest.approx(1, abs=0.01)
