"""Persons: they stand where an arm allows it, and are labelled as what they are."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.skeleton import ANGLE
from hand_pose_ros.training.renderer.appearance import Appearance
from hand_pose_ros.training.renderer.body_pose import arm_in_space, body_matrices, other_shoulder, standing
from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE, MakeHumanFolder
from hand_pose_ros.training.renderer.motion import upright
from hand_pose_ros.training.renderer.scene import SceneHand, placed

FOLDER = os.environ.get(FOLDER_VARIABLE)
pytestmark = pytest.mark.skipif(not FOLDER, reason=f"set {FOLDER_VARIABLE} to MakeHuman's data folder")


@pytest.fixture(scope="module")
def templates():
    from hand_pose_ros.training.renderer.body_template import BodyTemplate
    from hand_pose_ros.training.renderer.hand_template import HandTemplate

    folder = MakeHumanFolder(FOLDER)
    return HandTemplate(folder), BodyTemplate(folder)


def raised(templates, side: str) -> SceneHand:
    """A raised hand, palm to the camera, elbow bent: anybody can do that."""
    from hand_pose_ros.training.renderer.shape import average_shape

    mesh = templates[0].shaped(average_shape())
    angles = POSES["open"].angles.copy()
    angles[ANGLE["elbow_flexion"]] = np.radians(100)
    wrist = np.array([-0.25 if side == RIGHT else 0.25, 0.0, 0.8])
    return SceneHand(0, mesh.hand, angles[None], side, upright(side, 0, 0, 0), wrist, Appearance())


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_a_raised_hand_has_an_upright_person_behind_it(templates, side):
    from hand_pose_ros.training.renderer.shape import average_shape

    body, hand = templates[1].shaped(average_shape()), raised(templates, side)
    arm, random = arm_in_space(hand, placed([hand])[0].matrices), np.random.default_rng(0)
    turn = standing(random, arm, body)
    assert turn is not None
    assert (turn @ [0, 1, 0])[1] < -0.8  # the body's up is the image's up
    matrices, trunk = body_matrices(random, arm, body, turn, templates[0].trunk_axes())
    shoulder = matrices[0][:, :3] @ body.shoulder + matrices[0][:, 3]
    assert np.allclose(shoulder, arm.shoulder_m)
    assert np.allclose(trunk[:, :3] @ hand.rest.shoulder[0] + trunk[:, 3], arm.shoulder_m)
    head = matrices[2][:, :3] @ body.head + matrices[2][:, 3]
    assert head[1] < shoulder[1] - 0.1
    apart = np.linalg.norm(other_shoulder(body, matrices) - shoulder)
    assert 0.25 < apart < 0.5
    # The other shoulder is the other way: a right hand's person has their left one to its left.
    assert np.linalg.det(matrices[0][:, :3]) * (1 if side == RIGHT else -1) > 0


def test_nobody_stands_where_the_camera_is(templates):
    from hand_pose_ros.training.renderer.shape import average_shape

    body, hand = templates[1].shaped(average_shape()), raised(templates, RIGHT)
    arm = arm_in_space(hand, placed([hand])[0].matrices)
    near = {name: getattr(arm, name) - arm.shoulder_m for name in ("shoulder_m", "elbow_m", "points_m")}
    moved = type(arm)(**{**arm.__dict__, **near})  # the shoulder at the camera
    assert standing(np.random.default_rng(0), moved, body) is None


def test_pieces_hang_together_and_are_few(templates):
    triangles = templates[1].triangles
    assert sum(len(own) for own in triangles.values()) < 9000
    assert all(len(own) > 100 for own in triangles.values())
    parts = templates[1].static[:, 13]
    assert set(parts[np.unique(triangles["trunk"])]) <= {20.0, 22.0, 23.0}
    assert 21.0 in parts[np.unique(triangles["head"])]


def test_crops_with_persons_show_their_parts():
    pytest.importorskip("moderngl")
    from hand_pose_ros.training.renderer.context import NoContextError, context
    from hand_pose_ros.training.renderer.crops import CropRenderer
    from hand_pose_ros.training.renderer.scene_settings import SceneSettings

    try:
        context()
    except NoContextError as error:
        pytest.skip(str(error))
    batch = CropRenderer(FOLDER, 64, seed=2, settings=SceneSettings(person=1.0, empty=0.1)).batch(30)
    shown = [set(np.unique(segments)) & {20, 21, 22, 23} for segments in batch.segments[batch.present]]
    assert sum(bool(parts) for parts in shown) > 5
    assert not batch.segments[~batch.present].any()  # crops without a hand are labelled empty
