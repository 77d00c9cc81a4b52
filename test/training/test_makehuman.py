"""Readers of MakeHuman's formats on tiny files in exactly those formats, and the subdivision."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hand_pose_ros.training.renderer.hand_buffers import open_end, strongest_bones, vertex_normals
from hand_pose_ros.training.renderer.makehuman import (
    FOLDER_VARIABLE,
    MakeHumanFolder,
    read_mesh,
    read_rig,
    read_target,
    read_weights,
)  # fmt: skip
from hand_pose_ros.training.renderer.noise import noise_volume
from hand_pose_ros.training.renderer.primitives import KINDS, primitive
from hand_pose_ros.training.renderer.subdivision import linear_matrix, smooth_matrix, split_faces

OBJ = """# basemesh hm08
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0.1 0.1 0.1
v 0.2 0.2 0.2
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 3/3 4/4
g joint-r-hand
f 5/1 6/2 5/3 6/4
"""
CUBE = np.array(
    [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
)  # outward, counter-clockwise
CUBE_CORNERS = np.array([[x, y, z] for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))], float)


def test_mesh_keeps_the_body_and_all_vertices(tmp_path):
    (tmp_path / "base.obj").write_text(OBJ)
    mesh = read_mesh(tmp_path / "base.obj")
    assert mesh.vertices.shape == (6, 3)
    assert mesh.uvs.shape == (4, 2)
    assert mesh.faces.tolist() == [[0, 1, 2, 3]]
    assert mesh.uv_faces.tolist() == [[0, 1, 2, 3]]


def test_a_mesh_without_quads_is_refused(tmp_path):
    (tmp_path / "base.obj").write_text(OBJ.replace("f 1/1 2/2 3/3 4/4", "f 1/1 2/2 3/3"))
    with pytest.raises(ValueError, match=r"base\.obj: group 'body' must hold quads"):
        read_mesh(tmp_path / "base.obj")


def test_rig_weights_and_target(tmp_path):
    rig = {"joints": {"h": [4], "t": [5, 0]}, "bones": {"wrist.R": {"head": "h", "tail": "t", "parent": None}}}
    (tmp_path / "rig").write_text(json.dumps(rig))
    bone = read_rig(tmp_path / "rig")["wrist.R"]
    assert (bone.head, bone.tail, bone.parent) == ((4,), (5, 0), None)
    (tmp_path / "mhw").write_text(json.dumps({"weights": {"wrist.R": [[1, 0.25], [2, 1.0]]}}))
    weights = read_weights(tmp_path / "mhw", 6, ["other", "wrist.R"])
    assert weights[:, 1].tolist() == [0, 0.25, 1, 0, 0, 0]
    assert not weights[:, 0].any()
    (tmp_path / "t.target").write_text("# a comment\n# 1 2 3 4\n3 .1 -.2 0\n")
    offsets = read_target(tmp_path / "t.target", 6)
    assert offsets[3].tolist() == [0.1, -0.2, 0.0]
    assert np.count_nonzero(offsets) == 2


def test_a_folder_without_the_files_says_what_is_missing(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"base.obj.*makehumancommunity"):
        MakeHumanFolder(tmp_path)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(FileNotFoundError, match=FOLDER_VARIABLE):
        MakeHumanFolder()


def test_subdivision_of_a_cube_follows_catmull_and_clark():
    refine = smooth_matrix(CUBE, 8)
    points = refine @ CUBE_CORNERS
    assert points.shape == (8 + 12 + 6, 3)
    assert np.allclose(np.asarray(refine.sum(axis=1)), 1)
    # Corner of valence 3: (F + 2 R) / 3 with F = mean of face points, R = mean of edge middles.
    assert np.allclose(points[0], (np.full(3, 1 / 3) + 2 * np.full(3, 1 / 6)) / 3)
    faces = split_faces(CUBE, 8)
    assert faces.shape == (24, 4)
    normals = vertex_normals(points, faces)
    assert ((points - 0.5) * normals).sum(axis=1).min() > 0  # still outward


def test_subdivision_keeps_borders_and_is_linear_for_texture_coordinates():
    square = np.array([[0, 1, 2, 3]])
    corners = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    smooth, linear = (matrix(square, 4) @ corners for matrix in (smooth_matrix, linear_matrix))
    assert np.allclose(smooth[0], [0.125, 0.125])  # cubic spline border: 3/4 corner, 1/8 each neighbour
    assert np.allclose(linear[:4], corners)
    assert np.allclose(linear[8], [0.5, 0.5])


def test_an_open_box_is_closed_outward():
    cap = open_end(CUBE[1:])  # without the bottom, z = 0
    a, b, c = CUBE_CORNERS[cap].transpose(1, 0, 2)
    assert cap.shape == (2, 3)
    assert (np.cross(b - a, c - a)[:, 2] < 0).all()


def test_strongest_bones_sum_to_one():
    weights = np.random.default_rng(0).dirichlet(np.ones(24), 30)
    bones, strengths = strongest_bones(weights)
    assert bones.shape == (30, 4)
    assert np.allclose(strengths.sum(axis=1), 1)
    assert (bones[:, 0] == weights.argmax(axis=1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_primitives_are_closed_in_size_and_have_outward_normals(kind):
    corners, triangles = primitive(kind)
    points, normals = corners[:, :3], corners[:, 3:]
    assert np.allclose(np.abs(points).max(axis=0), 1, atol=1e-6)
    assert triangles.max() == len(corners) - 1
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    assert ((points * normals).sum(axis=1) > 0.5).all()


def test_noise_tiles_and_repeats():
    noise = noise_volume()
    assert noise.shape == (32, 32, 32, 4)
    assert np.array_equal(noise, noise_volume())
    jump = np.abs(noise[0, :, :, 0].astype(int) - noise[-1, :, :, 0]).mean()
    step = np.abs(np.diff(noise[..., 0].astype(int), axis=0)).mean()
    assert jump < 2 * step
