"""Vertex arrays of one hand template, ready for the GPU: corners with texture coordinates, triangles, bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.rotations import normalized
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.posed_mesh import posed_vertices
from hand_pose_ros.training.renderer.surface_coordinates import surface_coordinates

BONES_PER_VERTEX = 4


@dataclass(frozen=True)
class HandBuffers:
    """What does not change with the shape: triangles (M, 3) over C corners, each corner's vertex and data."""

    triangles: np.ndarray
    corner_vertices: np.ndarray
    """(C,) vertex of each corner: vertices on a texture seam have several corners."""
    static: np.ndarray
    """(C, 2 + 4 + 4 + 4 + 3) float32: uv, bone numbers, bone weights, along, around (2), segment, place on the unshaped
    template in metres, hand frame."""

    @classmethod
    def of(cls, template: HandTemplate) -> HandBuffers:
        """Buffers of ``template``; surface coordinates are those of its unshaped hand."""
        pairs = np.stack([template.faces, template.uv_faces], axis=-1).reshape(-1, 2)
        corners, numbers = np.unique(pairs, axis=0, return_inverse=True)
        quads = numbers.reshape(-1, 4)
        cap = open_end(template.faces)
        corner_of = np.zeros(len(template.weights), int)
        corner_of[corners[:, 0]] = np.arange(len(corners))
        triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]], corner_of[cap]]).astype(np.int32)
        bones, weights = strongest_bones(template.weights)
        rest = template.shaped()
        where = surface_coordinates(rest.vertices, template.weights, rest.hand)
        own = corners[:, 0]
        static = [template.uvs[corners[:, 1]], bones[own], weights[own]]
        static += [where.along[own, None], where.around[own], where.segment[own, None], rest.vertices[own]]
        return cls(triangles, own, np.concatenate(static, axis=1).astype(np.float32))

    @property
    def segments(self) -> np.ndarray:
        """(C,) mask value of each corner."""
        return self.static[:, 13]

    def posed_corners(self, template: HandTemplate) -> np.ndarray:
        """(P, C, 3) corners of the unshaped hand at rest, open, as a fist and as a claw: where triangles are needed."""
        rest = template.shaped()
        angles = np.array([POSES[name].angles for name in ("open", "fist", "claw")])
        return np.concatenate([rest.vertices[None], posed_vertices(template, rest, angles)])[:, self.corner_vertices]

    def shape_array(self, template: HandTemplate, mesh: RestMesh) -> np.ndarray:
        """(C, 6) float32 rest position and normal per corner of one shaped hand."""
        normals = vertex_normals(mesh.vertices, template.faces)
        return np.concatenate([mesh.vertices, normals], axis=1)[self.corner_vertices].astype(np.float32)


def open_end(faces: np.ndarray) -> np.ndarray:
    """Triangles (M, 3) of vertex numbers that close the one hole of a quad mesh (the cut at the shoulder)."""
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    _, first, count = np.unique(np.sort(sides, axis=1), axis=0, return_index=True, return_counts=True)
    border = sides[first[count == 1]]
    apex = border[0, 0]
    border = border[(border != apex).all(axis=1)]
    # The cap runs along the border the other way round, so that its outside is the body's outside.
    return np.stack([np.full(len(border), apex), border[:, 1], border[:, 0]], axis=1)


def strongest_bones(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and weights (V, 4) of the four strongest bones of each vertex, weights summing to one."""
    bones = np.argsort(-weights, axis=1)[:, :BONES_PER_VERTEX]
    strongest = np.take_along_axis(weights, bones, axis=1)
    return bones, strongest / strongest.sum(axis=1, keepdims=True)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Outward unit normals (V, 3) of a quad mesh, weighted by face area."""
    a, b, c, d = (vertices[faces[:, k]] for k in range(4))
    face_normals = np.cross(c - a, d - b)
    normals = np.zeros_like(vertices)
    for corner in range(4):
        np.add.at(normals, faces[:, corner], face_normals)
    return normalized(normals)
