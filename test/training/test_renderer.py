"""The renderer on the real MakeHuman files: what is drawn lies where the labels say. Needs EGL and the files."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE

FOLDER = os.environ.get(FOLDER_VARIABLE)
SIZE = 128

pytestmark = pytest.mark.makehuman


@pytest.fixture(scope="module")
def studio():
    from hand_pose_ros.training.renderer.hand_template import HandTemplate
    from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
    from hand_pose_ros.training.renderer.painter import Painter
    from hand_pose_ros.training.renderer.shape import average_shape

    template = HandTemplate(MakeHumanFolder(FOLDER))
    painter = Painter(template, SIZE, SIZE)
    mesh = template.shaped(average_shape())
    return template, painter, mesh, painter.upload(mesh)


@pytest.fixture(scope="module")
def batch():
    from hand_pose_ros.training.renderer.crops import CropRenderer

    return CropRenderer(FOLDER, SIZE, seed=1).batch(40)


def drawn(studio, side=RIGHT, name="open", turn=0.0, things=(), **look):
    from hand_pose_ros.training.renderer.appearance import Appearance, Lights
    from hand_pose_ros.training.renderer.motion import upright
    from hand_pose_ros.training.renderer.scene import Scene, SceneHand, render

    _, painter, mesh, mesh_id = studio
    wrist = np.array([0.0, 0.08, 0.5])
    hand = SceneHand(
        mesh_id, mesh.hand, POSES[name].angles[None], side, upright(side, turn, 0, 0), wrist, Appearance(**look)
    )  # fmt: skip
    lights = Lights(np.array([[0, -0.6, -0.8], [0.6, 0, -0.8], [-0.6, 0, -0.8]]), np.full((3, 3), 0.4))
    camera = np.array([[250.0, 0, 63.5], [0, 250.0, 63.5], [0, 0, 1]])
    layers, labels = render(painter, Scene([hand], camera, lights, list(things)))
    return picture(layers), labels[0], camera


def picture(layers) -> SimpleNamespace:
    """The only picture of some layers."""
    colour, alpha = layers.colour[0, ..., :3], layers.colour[0, ..., 3]
    return SimpleNamespace(colour=colour, alpha=alpha, depth_m=layers.depth_m[0], segments=layers.segments[0])


def test_the_rest_hand_has_a_plausible_size_and_frame(studio):
    template, _, mesh, _ = studio
    joints = mesh.hand.joints[0]
    assert np.allclose(joints[0], 0)
    assert np.linalg.norm(joints[9] / np.linalg.norm(joints[9]) - [1, 0, 0]) < 0.01
    assert 0.085 < np.linalg.norm(joints[9]) < 0.115
    assert mesh.hand_length_m == pytest.approx(0.187)
    assert joints[5, 1] > 0.015
    assert joints[17, 1] < -0.025
    assert joints[4, 1] > 0.04
    for number in range(1, 21):  # every joint lies inside the flesh, or on it at the tips
        distance = np.linalg.norm(mesh.vertices - joints[number], axis=1).min()
        assert distance < 0.02, number
    assert template.weights.sum(axis=1) == pytest.approx(1)


def test_depth_mask_and_colour_agree(studio):
    layers, _, _ = drawn(studio)
    hand = layers.depth_m > 0
    assert 0.08 < hand.mean() < 0.6
    assert np.array_equal(hand, layers.segments > 0)
    assert layers.alpha[hand].min() > 50
    assert layers.colour[~hand & (layers.alpha == 0)].max() == 0
    assert layers.colour[hand].mean() > 40


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize("turn", [0, 180])
def test_keypoints_lie_on_their_segments_in_front_of_the_camera(studio, side, turn):
    layers, label, camera = drawn(studio, side, turn=turn)
    projected = label.joints_m @ camera.T
    assert np.allclose(projected[:, :2] / projected[:, 2:], label.keypoints_px)
    columns, rows = np.rint(label.keypoints_px).astype(int).T
    for finger in range(5):
        middle = (label.keypoints_px[3 + 4 * finger] + label.keypoints_px[4 + 4 * finger]) / 2
        x, y = np.rint(middle).astype(int)
        assert layers.segments[y, x] == 4 + 3 * finger  # the distal phalanx
    surface = layers.depth_m[rows, columns]
    behind = label.joints_m[:, 2] - surface
    assert label.visible.sum() >= 19
    inner = [k for k in range(2, 21) if k % 4]
    assert (np.abs(behind[inner] - 0.013) < 0.012).all()  # joints lie about a centimetre below the skin


def test_sides_are_mirror_images_with_the_thumb_on_the_right_side(studio):
    (right, right_label, _), (left, left_label, _) = (drawn(studio, side) for side in (RIGHT, LEFT))
    assert right_label.keypoints_px[4, 0] > right_label.keypoints_px[0, 0]  # a right palm: thumb to the right
    assert left_label.keypoints_px[4, 0] < left_label.keypoints_px[0, 0]
    assert (left.segments[:, ::-1] == right.segments).mean() > 0.985
    assert np.allclose(left_label.keypoints_px[:, 0] + right_label.keypoints_px[:, 0], 2 * 63.5)


def test_a_turned_hand_shows_its_back_and_fists_hide_fingertips(studio):
    _, palm, _ = drawn(studio, name="fist")
    _, back, _ = drawn(studio, name="fist", turn=180)
    assert not back.visible[[8, 12, 16, 20]].any()
    assert palm.visible.sum() > back.visible[[8, 12, 16, 20]].sum()


def test_curled_fingers_are_darker_between_than_on_top(studio):
    layers, _label, _ = drawn(studio, name="fist", skin=14)
    gray = layers.colour.mean(axis=2)
    own = layers.segments > 1
    assert np.percentile(gray[own], 5) < 0.6 * np.percentile(gray[own], 90)


def test_an_object_hides_what_lies_behind_it(studio):
    from hand_pose_ros.training.renderer.appearance import Sleeve, Thing

    _, free, _ = drawn(studio)
    matrix = np.diag([0.02, 0.02, 0.02, 1.0])
    matrix[:3, 3] = free.joints_m[12] * 0.8
    layers, label, _ = drawn(studio, things=[Thing("sphere", matrix, Sleeve(colour=(0.0, 0.8, 0.0)))])
    assert free.visible[12]
    assert not label.visible[12]
    assert label.visible[20]
    x, y = np.rint(label.keypoints_px[12]).astype(int)
    assert layers.segments[y, x] == 19
    assert layers.colour[y, x, 1] > 2 * layers.colour[y, x, 0]


def test_sleeves_cover_the_forearm_only(studio):
    from hand_pose_ros.training.renderer.appearance import Sleeve

    layers, label, _ = drawn(studio, sleeve=Sleeve(edge_m=-0.01, colour=(0.0, 0.0, 0.6)))
    cloth = layers.segments == 18
    assert cloth.sum() > 50
    assert np.flatnonzero(cloth.any(axis=1)).min() > label.keypoints_px[1, 1]
    assert layers.colour[cloth][:, 2].mean() > 1.5 * layers.colour[cloth][:, 0].mean()


def test_shapes_differ_and_scale(studio):
    from hand_pose_ros.training.renderer.shape import average_shape, random_shape

    template = studio[0]
    shapes = [template.shaped(random_shape(np.random.default_rng(seed))).hand.joints[0] for seed in range(8)]
    scales = np.array([np.linalg.norm(joints[9]) for joints in shapes])
    assert scales.std() > 0.004
    assert scales.min() > 0.06
    assert scales.max() < 0.13
    small = template.shaped(replace(average_shape(), length_m=0.12))
    assert small.hand_length_m == pytest.approx(0.12)


def test_crops_hold_arrays_that_agree(batch):
    assert batch.images.shape == (40, SIZE, SIZE, 3)
    assert batch.images.dtype == np.uint8
    hands = batch.present
    assert hands.sum() >= 30
    projected = np.einsum("nij,nkj->nki", batch.camera_matrix[hands], batch.joints_m[hands])
    assert np.allclose(projected[..., :2] / projected[..., 2:], batch.keypoints_px[hands], atol=0.02)
    scale = np.linalg.norm(batch.joints_m[:, 9] - batch.joints_m[:, 0], axis=1)
    assert np.allclose(scale[hands], batch.hand_scale_m[hands], atol=1e-5)
    inside = ((batch.keypoints_px[hands] > 0) & (batch.keypoints_px[hands] < SIZE)).all(axis=2)
    assert inside.mean() > 0.9
    outside = ((batch.keypoints_px < -0.5) | (batch.keypoints_px > SIZE - 0.5)).any(axis=2)
    assert not (batch.visible & outside)[hands].any()
    assert 0.2 < batch.left[hands].mean() < 0.8
    middle = batch.joints_m[hands, :, 2].mean(axis=1)  # a wrist may be nearer than the nearest hand's middle
    assert middle.min() > 0.19
    assert middle.max() < 2.1
    assert (batch.segments[hands].max(axis=(1, 2)) > 0).all()


def test_hands_point_up_in_crops_on_the_whole(batch):
    x, y = (batch.keypoints_px[:, 9] - batch.keypoints_px[:, 0])[batch.present].T
    assert np.median(np.abs(np.degrees(np.arctan2(x, -y)))) < 35


def test_the_same_seed_gives_the_same_crops(batch):
    from hand_pose_ros.training.renderer.crops import CropRenderer

    again = CropRenderer(FOLDER, SIZE, seed=1).batch(3)
    assert np.array_equal(again.images, batch.images[:3])
    assert np.array_equal(again.joints_m, batch.joints_m[:3])


def test_frames_hold_any_number_of_hands_and_are_read_as_an_index(tmp_path):
    from hand_pose_ros.training.datasets.index_json import read_index
    from hand_pose_ros.training.renderer.frame_folder import write_frames
    from hand_pose_ros.training.renderer.frames import FrameRenderer

    hands = write_frames(FrameRenderer(FOLDER, 160, 120, seed=2), tmp_path, 12)
    samples = read_index(tmp_path)
    assert len(samples) == 12
    assert sum(len(sample.hands) for sample in samples) == hands
    assert {len(sample.hands) for sample in samples} >= {1, 2}
    for sample in samples:
        assert sample.exhaustive
        assert sample.image().shape == (120, 160, 3)
        for hand in sample.hands:
            ahead = hand.joints_m[:, 2] > 0.05
            assert np.allclose(sample.camera.project(hand.joints_m[ahead]), hand.keypoints_px[ahead], atol=0.05)
            assert hand.visible.any()


def test_whole_persons_stand_in_most_images_with_hands():
    from hand_pose_ros.training.renderer.frames import NEARBY, WHOLE_PERSONS, FrameRenderer

    shares = []
    for persons in (NEARBY, WHOLE_PERSONS):
        frames, scenes = FrameRenderer(FOLDER, 160, 120, seed=2, persons=persons), []
        for _ in range(30):
            scenes.append(frames._scene(frames._camera()))
        with_hands = [scene for scene in scenes if scene.hands]
        shares.append(np.mean([bool(scene.bodies) for scene in with_hands]))
    assert shares[1] > max(shares[0], 0.8)
