"""How deep fingers lie in each other on the mesh: the measure itself, and the poses of the prior by it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hand_pose_ros.training.poses.named import ALL_POSES, POSES
from hand_pose_ros.training.poses.skeleton import ANGLE
from hand_pose_ros.training.renderer.flesh_check import (
    ALLOWED_M,
    Depth,
    FleshCheck,
    depth_table,
    drawn_depths,
    named_depths,
)
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE, MakeHumanFolder
from hand_pose_ros.training.renderer.posed_mesh import posed_vertices
from hand_pose_ros.training.renderer.shape import average_shape

pytestmark = [
    pytest.mark.makehuman,
    pytest.mark.skipif(not os.environ.get(FOLDER_VARIABLE), reason=f"set {FOLDER_VARIABLE} to MakeHuman's data folder"),
]


def test_a_finger_driven_into_its_neighbour_is_found():
    template = HandTemplate(MakeHumanFolder(None), 1)
    mesh, check = template.shaped(average_shape()), FleshCheck(template)
    crossed = POSES["flat"].angles.copy()
    crossed[[ANGLE["index_spread"], ANGLE["middle_spread"]]] = np.radians([-12, 10])
    open_hand, pierced = posed_vertices(template, mesh, np.array([POSES["open"].angles, crossed]))
    assert check(open_hand) == Depth(0.0, ("", ""))
    found = check(pierced)
    assert found.metres > 0.004
    assert {name.split()[0] for name in found.parts} == {"index", "middle"}


def test_no_named_pose_lies_deep_in_itself():
    depths = named_depths(None, 2, seed=0)
    assert list(depths) == list(ALL_POSES)
    deepest = {name: max(depth.metres for depth in found) for name, found in depths.items()}
    assert {name: mm for name, mm in deepest.items() if mm > ALLOWED_M} == {}


def test_random_draws_hardly_lie_in_themselves():
    drawn = np.array([depth.metres for depth in drawn_depths(None, 60, seed=1, shapes=3)])
    assert len(drawn) == 60
    assert (drawn <= ALLOWED_M).mean() > 0.95


def test_the_table_says_where_the_deepest_place_is():
    table = depth_table(
        {"fist": [Depth(0.001, ("thumb 2", "index 3")), Depth(0.0, ("", ""))]}, [Depth(0.005, ("", ""))]
    )
    assert "fist" in table
    assert "thumb 2 - index 3" in table
    assert "0.0% within 4 mm" in table
