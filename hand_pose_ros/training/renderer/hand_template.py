"""The MakeHuman hand with its arm, cut from the body: shape targets in, a hand at rest in metres out.

The right arm is cut; a left hand is its mirror image (the base mesh is symmetric). Keypoints follow the rig: wrist = a
little beyond the head of bone ``wrist``; thumb CMC/MCP/IP and the fingers' MCP/PIP/DIP = heads of the phalanx bones,
inside the flesh on the joint's axis, some moved (``JOINT_SHIFTS``); tips = where the last bone's line leaves the
fingertip.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from hand_pose_ros.training.poses.rotations import normalized
from hand_pose_ros.training.poses.skeleton import BONE_NAMES, RestHand
from hand_pose_ros.training.renderer.makehuman import (
    BaseMesh,
    MakeHumanFolder,
    read_mesh,
    read_rig,
    read_weights,
)  # fmt: skip
from hand_pose_ros.training.renderer.mesh_girth import MeshGirth
from hand_pose_ros.training.renderer.shape import HandShape
from hand_pose_ros.training.renderer.subdivision import linear_matrix, smooth_matrix, split_faces

METRES_PER_UNIT = 0.1
SIDE = "R"
RIG_BONES = (
    "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist", "metacarpal1", "metacarpal2", "metacarpal3",
    "metacarpal4",
    *(f"finger{finger}-{part}" for finger in (1, 2, 3, 4, 5) for part in (1, 2, 3)),
)  # fmt: skip
"""Names in the rig, without side, in the order of ``skeleton.BONE_NAMES``."""
WRIST_SHIFT = 0.05
"""How far the wrist keypoint lies from the rig's wrist towards the middle MCP, as a fraction of the rig's length."""
JOINT_SHIFTS = {(2, 1): 0.05, (3, 1): 0.03, (4, 1): 0.04, (5, 1): 0.075, (5, 2): 0.05, (1, 1): 0.02}
"""(finger 1-5, part): how far a joint is moved towards the wrist, as a fraction of the wrist-to-middle-MCP length.

The rig sets the MCP joints near the web of the fingers and the wrist at the forearm's end. Where people and MediaPipe
put them is measured, see docs/renderer.md; this is half of the way there, for bone lengths contradict in part.
"""


@dataclass(frozen=True)
class RestMesh:
    """One hand shape at rest, hand frame (see ``poses.skeleton``), metres."""

    vertices: np.ndarray
    """(V, 3)"""
    hand: RestHand
    """N = 1"""

    @property
    def hand_length_m(self) -> float:
        """From the wrist along the middle finger's joints to its tip."""
        chain = self.hand.joints[0][[0, 9, 10, 11, 12]]
        return float(np.linalg.norm(np.diff(chain, axis=0), axis=1).sum())

    def scaled(self, factor: float) -> RestMesh:
        """The same hand, ``factor`` times as large."""
        parts = (getattr(self.hand, item.name) * factor for item in fields(RestHand))
        return RestMesh(self.vertices * factor, RestHand(*parts))


class HandTemplate:
    """Mesh, skin weights and shape targets of the right hand and arm, subdivided ``subdivisions`` times."""

    def __init__(self, folder: MakeHumanFolder, subdivisions: int = 0):
        self.folder = folder
        mesh, rig = read_mesh(folder.mesh_path), read_rig(folder.rig_path)
        self._bones = {bone: rig[f"{bone}.{SIDE}"] for bone in RIG_BONES}
        weights = read_weights(folder.weights_path, len(mesh.vertices), [bone.name for bone in self._bones.values()])
        self._cut(mesh, weights)
        self._targets: dict[str, np.ndarray] = {}
        self._refine, self._girth, self.subdivided = None, None, subdivisions > 0
        for _ in range(subdivisions):
            self._subdivide()
        self.weights /= self.weights.sum(axis=1, keepdims=True)

    def _cut(self, mesh: BaseMesh, weights: np.ndarray):
        """Keep the quads that the arm's bones hold by more than a half, number vertices anew, joints behind them."""
        inside = (weights.sum(axis=1) > 0.5)[mesh.faces].all(axis=1)
        vertex_ids, faces = np.unique(mesh.faces[inside], return_inverse=True)
        uv_ids, uv_faces = np.unique(mesh.uv_faces[inside], return_inverse=True)
        self.faces, self.uv_faces = faces.reshape(-1, 4), uv_faces.reshape(-1, 4)
        """(F, 4) quads, counter-clockwise outside; numbers into the vertices and into ``uvs``."""
        self.uvs = mesh.uvs[uv_ids]
        own = weights[vertex_ids]
        self.weights = np.concatenate([own, np.maximum(1.0 - own.sum(axis=1, keepdims=True), 0.0)], axis=1)
        """(V, 25) skin weights in the order of ``skeleton.BONE_NAMES``, then of the trunk."""
        joint_ids = np.unique([v for bone in self._bones.values() for v in (*bone.head, *bone.tail)])
        self._kept = np.concatenate([vertex_ids, np.setdiff1d(joint_ids, vertex_ids)])
        self._number = {vertex: number for number, vertex in enumerate(self._kept)}
        self._body, self._skin_count, self._file_count = mesh.vertices[self._kept], len(vertex_ids), len(mesh.vertices)

    def _subdivide(self):
        refine = smooth_matrix(self.faces, len(self.weights))
        self._refine = refine if self._refine is None else refine @ self._refine
        self.weights = refine @ self.weights
        uv_count = len(self.uvs)
        self.uvs = linear_matrix(self.uv_faces, uv_count) @ self.uvs
        self.faces = split_faces(self.faces, refine.shape[1])
        self.uv_faces = split_faces(self.uv_faces, uv_count)

    def target(self, name: str) -> np.ndarray:
        """Displacements of the kept vertices under one shape target, decimetres, read once."""
        if name not in self._targets:
            self._targets[name] = self.folder.target(name, self._file_count)[self._kept]
        return self._targets[name]

    def shaped(self, shape: HandShape | None = None) -> RestMesh:
        """The rest hand of a shape (MakeHuman's own base mesh without one)."""
        shape = shape or HandShape({})
        if self._girth is None:
            plain = self._unmeasured(HandShape({}))
            self._girth = MeshGirth(plain.vertices, self.weights, plain.hand)
        mesh = self._unmeasured(shape)
        mesh = RestMesh(mesh.vertices, replace(mesh.hand, girth=self._girth(mesh.vertices, mesh.hand.joints[0])[None]))
        return mesh if shape.length_m is None else mesh.scaled(shape.length_m / mesh.hand_length_m)

    def _unmeasured(self, shape: HandShape) -> RestMesh:
        """The shape in MakeHuman's size, fingers of average thickness in its skeleton."""
        body = self._body + sum(weight * self.target(name) for name, weight in shape.targets.items())
        origin, axes = self.frame_of(body)
        body = (body - origin) @ axes * METRES_PER_UNIT
        vertices = body[: self._skin_count]
        vertices = vertices if self._refine is None else self._refine @ vertices
        return RestMesh(vertices, self._rest_hand(body, vertices))

    def _point(self, body: np.ndarray, bone: str, end: str) -> np.ndarray:
        return body[[self._number[vertex] for vertex in getattr(self._bones[bone], end)]].mean(axis=0)

    def trunk_axes(self) -> np.ndarray:
        """(3, 3) the wrist frame's axes as columns in the body's coordinates (x to its left, y up, z forward)."""
        return self.frame_of(self._body)[1]

    def frame_of(self, body: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Origin and axes (columns) of the wrist frame in the body's coordinates, decimetres."""
        wrist = self._point(body, "wrist", "head")
        index, middle, little = (self._point(body, f"finger{k}-1", "head") for k in (2, 3, 5))
        x = normalized(middle - wrist)
        z = normalized(np.cross(x, index - little))
        return wrist + WRIST_SHIFT * (middle - wrist), np.stack([x, np.cross(z, x), z], axis=-1)

    def _rest_hand(self, body: np.ndarray, vertices: np.ndarray) -> RestHand:
        bases = {1: np.zeros(3)}  # the wrist keypoint is the hand frame's origin
        bases |= {finger: self._point(body, f"metacarpal{finger - 1}", "head") for finger in (2, 3, 4, 5)}
        scale = np.linalg.norm(self._point(body, "finger3-1", "head") - bases[1])
        joints = [bases[1]]
        for finger in (1, 2, 3, 4, 5):
            before = bases[finger]
            for part in (1, 2, 3):
                point = self._point(body, f"finger{finger}-{part}", "head")
                back = normalized(before - point) * scale * JOINT_SHIFTS.get((finger, part), 0.0)
                joints.append(point + back)
                before = point
            joints.append(self._tip(body, vertices, finger))
        ends = (self._point(body, bone, "head") for bone in ("lowerarm01", "upperarm01"))
        elbow, shoulder = (end[None] for end in ends)
        return RestHand(np.array(joints)[None], np.array([bases[k] for k in (2, 3, 4, 5)])[None], elbow, shoulder)

    def _tip(self, body: np.ndarray, vertices: np.ndarray, finger: int) -> np.ndarray:
        """End of the last bone's line at the depth of the fingertip's furthest vertex."""
        bone = f"finger{finger}-3"
        head, tail = self._point(body, bone, "head"), self._point(body, bone, "tail")
        along = normalized(tail - head)
        own = self.weights[:, BONE_NAMES.index("thumb_1") + 3 * finger - 1] > 0.6
        return head + along * ((vertices[own] - head) @ along).max()
