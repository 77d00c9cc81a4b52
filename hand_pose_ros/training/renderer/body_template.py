"""A person's trunk, head, legs, feet and hair from the MakeHuman body, coarse: what stands behind and around a hand.

Body coordinates: metres, x to the figure's left, y up, z forward. The arms are left out: hands bring theirs. Part
numbers: 20 skin, 21 eyes, 22 clothes, 23 hair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components

from hand_pose_ros.training.renderer.hand_buffers import strongest_bones, vertex_normals
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder, read_mesh, read_rig, read_weights
from hand_pose_ros.training.renderer.shape import HandShape

TRUNK, NECK, HEAD, ARM, OTHER_ARM = range(5)
BONES = TRUNK, NECK, HEAD, ARM, OTHER_ARM
SKIN_PART, EYE_PART, CLOTH_PART, HAIR_PART = 20, 21, 22, 23
PIECES = ("head", "trunk", "legs", "feet", "hair", "scalp")
PIECE_PARTS = dict(zip(PIECES, (SKIN_PART, CLOTH_PART, CLOTH_PART, SKIN_PART, HAIR_PART, HAIR_PART), strict=True))
GROUPS = ("body", "helper-hair", "helper-l-eye", "helper-r-eye")
METRES_PER_UNIT = 0.1
CELL_M = {"head": 0.011, "trunk": 0.035, "legs": 0.04, "feet": 0.02, "hair": 0.001, "scalp": 0.014}
WAIST_M, ANKLE_M = 0.05, -0.70
SMOOTHING, CLOTH_M = 25, 0.012
"""How often clothes average out what is under them, and how far they stand off."""
SCALP_FROM_M, SCALP_WAY = np.array([0.0, 0.795, 0.06]), np.array([0.0, 0.75, -0.66])
"""A point of the hairline and the way from the face to the hair."""
ARM_BONES = ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist", "metacarpal", "finger")


@dataclass(frozen=True)
class BodyMesh:
    """One body at rest, body coordinates, metres."""

    corners: np.ndarray
    """(C, 6) float32 position and normal."""
    shoulder: np.ndarray
    """(3,) of the right arm."""
    elbow: np.ndarray
    neck: np.ndarray
    head: np.ndarray
    """(3,) the skull's middle."""
    foot: np.ndarray
    """(3,) the left foot's middle."""


class BodyTemplate:
    """Triangles and skin weights of the pieces, and bodies of any shape."""

    def __init__(self, folder: MakeHumanFolder):
        self._folder, mesh = folder, read_mesh(folder.mesh_path, GROUPS)
        self._rig, self._rest = read_rig(folder.rig_path), mesh.vertices
        weights = self._weights(len(mesh.vertices))
        piece = self._pieces(mesh, weights)
        self._faces = mesh.faces
        self._cloth, self._smooth = self._clothing(mesh.faces, piece)
        pairs = np.stack([mesh.faces, mesh.uv_faces], axis=-1).reshape(-1, 2)
        pairs, numbers = np.unique(pairs, axis=0, return_inverse=True)
        quads = numbers.reshape(-1, 4)
        self.triangles = {}
        """Piece -> (M, 3) int32 numbers of corners."""
        self._place = pairs[:, 0].copy()
        eye, radius = self._eyes(mesh)
        shared = self._shared(mesh.faces, piece) | eye
        for number, name in enumerate(PIECES):
            self.triangles[name] = self._coarse(pairs, quads[piece == number], CELL_M[name], shared)
        bones, strengths = strongest_bones(weights[self._place])
        part = np.full(len(pairs), float(CLOTH_PART))
        for name in PIECES:
            part[np.unique(self.triangles[name])] = PIECE_PARTS[name]
        part[eye[self._place]] = EYE_PART
        turn = np.tile([1.0, 0.0], (len(pairs), 1))
        columns = [mesh.uvs[pairs[:, 1]], bones, strengths, radius[self._place, None], turn, part[:, None],
                   mesh.vertices[self._place] * METRES_PER_UNIT]  # fmt: skip
        self.static = np.concatenate(columns, axis=1).astype(np.float32)
        """(C, 17) as ``HandBuffers.static``; "along" is an eye's distance from its axis in metres, 0 elsewhere."""

    def _weights(self, count: int) -> np.ndarray:
        """(V, 5) skin weights of the bones at the top of this file."""
        names = list(self._rig)
        table = read_weights(self._folder.weights_path, count, names)
        owner = [self._owner(name) for name in names]
        weights = np.zeros((count, len(BONES)))
        np.add.at(weights.T, owner, table.T)
        return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)

    def _owner(self, name: str) -> int:
        if name.startswith(ARM_BONES):
            return ARM if name.endswith(".R") else OTHER_ARM
        chain = [name]
        while self._rig[chain[-1]].parent:
            chain.append(self._rig[chain[-1]].parent)
        return HEAD if "head" in chain else NECK if any(bone.startswith("neck") for bone in chain) else TRUNK

    @staticmethod
    def _pieces(mesh, weights) -> np.ndarray:
        """(F,) number of each quad's piece in ``PIECES``, -1 for the arms."""
        height = mesh.vertices[mesh.faces, 1].mean(axis=1) * METRES_PER_UNIT
        upper = weights[mesh.faces][..., [NECK, HEAD]].sum(axis=2).mean(axis=1) > 0.4
        piece = np.select([upper, height > WAIST_M, height > ANKLE_M], [0, 1, 2], 3)
        arms = (weights[:, [ARM, OTHER_ARM]] > 0.5)[mesh.faces].all(axis=1).any(axis=1)
        middle = mesh.vertices[mesh.faces].mean(axis=1) * METRES_PER_UNIT - SCALP_FROM_M
        piece = np.where(upper & (middle @ SCALP_WAY > 0), 5, piece)
        piece = np.where(arms, -1, piece)
        return np.where(mesh.groups == 1, 4, np.where(mesh.groups > 1, 0, piece))

    @staticmethod
    def _clothing(faces: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, csr_matrix]:
        """Which vertices (V,) are under clothes alone, and the matrix that brings them to their neighbours' middle."""
        count, dressed = faces.max() + 1, np.isin(piece, [PIECES.index("trunk"), PIECES.index("legs")])
        cloth = np.zeros(count, bool)
        cloth[faces[dressed]] = True
        cloth[faces[~dressed]] = False
        rows, columns = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
        rows, columns = np.concatenate([rows, columns]), np.concatenate([columns, rows])
        own = cloth[rows]
        links = csr_matrix((np.ones(own.sum()), (rows[own], columns[own])), (count, count))
        share = 1.0 / np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1.0)
        return cloth, diags(share) @ links + diags((~cloth).astype(float))

    def _shared(self, faces: np.ndarray, piece: np.ndarray) -> np.ndarray:
        """(V,) whether a vertex belongs to two pieces: it stays where it is, so that no gap opens."""
        touched = np.zeros((len(self._rest), len(PIECES) + 1), bool)
        for corner in range(4):
            touched[faces[:, corner], piece] = True  # -1, the arms, is the last column
        return touched.sum(axis=1) > 1

    def _coarse(self, pairs: np.ndarray, quads: np.ndarray, cell: float, shared: np.ndarray) -> np.ndarray:
        """Triangles over one corner per cell and texture patch; corners of a cell share the place of one vertex."""
        triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        used, inverse = np.unique(triangles, return_inverse=True)
        local = inverse.reshape(-1, 3)
        links = coo_matrix((np.ones(local.size), (local.ravel(), np.roll(local, 1, axis=1).ravel())), (len(used),) * 2)
        _, patch = connected_components(links, directed=False)
        cells = np.floor(self._rest[pairs[used, 0]] * METRES_PER_UNIT / cell).astype(int)
        cells = np.concatenate([cells, np.where(shared[pairs[used, 0]], pairs[used, 0], -1)[:, None]], axis=1)
        _, first, spot = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        self._place[used] = pairs[used[first], 0][spot.ravel()]
        keys = np.stack([spot.ravel(), patch], axis=1)
        _, first, corner = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        merged = used[first][corner.ravel()][local]
        place = self._place[merged]
        flat = (place[:, 0] == place[:, 1]) | (place[:, 1] == place[:, 2]) | (place[:, 2] == place[:, 0])
        return merged[~flat].astype(np.int32)

    def _eyes(self, mesh) -> tuple[np.ndarray, np.ndarray]:
        """Which vertices (V,) are eyes, and their distances (V,) from the line of sight, metres."""
        eye, radius = np.zeros(len(mesh.vertices), bool), np.zeros(len(mesh.vertices))
        for group in (2, 3):
            own = np.unique(mesh.faces[mesh.groups == group])
            middle = (mesh.vertices[own].min(axis=0) + mesh.vertices[own].max(axis=0)) / 2
            eye[own] = True
            radius[own] = np.linalg.norm((mesh.vertices[own] - middle)[:, :2], axis=1) * METRES_PER_UNIT
        return eye, radius

    def shaped(self, shape: HandShape) -> BodyMesh:
        """The body of a shape; ``shape.length_m`` means nothing here."""
        count = len(self._rest)
        body = self._rest + sum(w * self._folder.target(name, count) for name, w in shape.targets.items())
        used, surface = len(self._cloth), np.array(body)
        for _ in range(SMOOTHING):
            surface[:used] = self._smooth @ surface[:used]
        normals = vertex_normals(surface, self._faces)
        surface = surface * METRES_PER_UNIT
        surface[:used] += CLOTH_M * self._cloth[:, None] * normals[:used]
        corners = np.concatenate([surface, normals], axis=1)[self._place].astype(np.float32)
        points = (self._point(body, bone) for bone in ("upperarm01.R", "lowerarm01.R", "neck01", "head", "foot.L"))
        shoulder, elbow, neck, head, ankle = points
        return BodyMesh(corners, shoulder, elbow, neck, head + [0.0, 0.07, 0.03], ankle + [0.0, -0.04, 0.06])

    def _point(self, body: np.ndarray, bone: str) -> np.ndarray:
        return body[list(self._rig[bone].head)].mean(axis=0) * METRES_PER_UNIT
