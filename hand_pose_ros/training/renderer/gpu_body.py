"""The GPU's copies of a few bodies, drawn piece by piece with the programs of hands."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.renderer.body_template import BodyMesh, BodyTemplate
from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.gpu_hand import STATIC_FORMAT, STATIC_NAMES, named_buffer


class GpuBody:
    """Uploads bodies of one template."""

    def __init__(self, template: BodyTemplate):
        self._gl = context()
        self._static = self._gl.buffer(template.static.tobytes())
        self._index = {name: self._gl.buffer(corners.tobytes()) for name, corners in template.triangles.items()}
        self._meshes, self._arrays = [], {}

    def upload(self, mesh: BodyMesh) -> int:
        """Give a body to the GPU; returns its number."""
        self._meshes.append(self._gl.buffer(np.ascontiguousarray(mesh.corners).tobytes()))
        return len(self._meshes) - 1

    def array(self, program, mesh_id: int, piece: str):
        """Vertex array of one piece of a body for the geometry pass."""
        key = mesh_id, piece
        if key not in self._arrays:
            content = [named_buffer(program, self._meshes[mesh_id], "3f 3f", ("rest", "rest_normal"))]
            content.append(named_buffer(program, self._static, STATIC_FORMAT, STATIC_NAMES))
            self._arrays[key] = self._gl.vertex_array(program, content, index_buffer=self._index[piece])
        return self._arrays[key]
