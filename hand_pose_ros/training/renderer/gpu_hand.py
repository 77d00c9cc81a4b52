"""The GPU's copies of one hand template: its triangles, its shapes, skin textures and the noise volume."""

from __future__ import annotations

import cv2
import numpy as np

from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.hand_buffers import HandBuffers
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.noise import SIZE, noise_volume
from hand_pose_ros.training.renderer.uniforms import named_buffer

STATIC_FORMAT = "2f 4f 4f 1f 2f 1f"
STATIC_NAMES = ("uv", "bone", "weight", "along", "around", "segment")
SLEEVE_REACH_M, CASTER_REACH_M = 0.03, -0.06
SKIN_SIZE = 512


class GpuHand:
    """Uploads what hands of one template need, once each."""

    def __init__(self, template: HandTemplate):
        self._gl, self._template = context(), template
        self._buffers = HandBuffers.of(template)
        self._meshes, self._arrays, self._skins = {}, {}, {}
        triangles = self._buffers.triangles
        along_arm = template.shaped().vertices[self._buffers.corner_vertices, 0][triangles].max(axis=1)
        parts = {
            "hand": along_arm > -np.inf,
            "sleeve": along_arm < SLEEVE_REACH_M,
            "caster": along_arm > CASTER_REACH_M,
        }
        self._static = self._gl.buffer(self._buffers.static.tobytes())
        self._index = {name: self._gl.buffer(triangles[own].tobytes()) for name, own in parts.items()}
        self.noise = self._gl.texture3d((SIZE,) * 3, 4, noise_volume().tobytes())

    def upload(self, mesh: RestMesh) -> int:
        """Give a shape to the GPU; returns its number."""
        number = len(self._meshes)
        self._meshes[number] = self._gl.buffer(self._buffers.shape_array(self._template, mesh).tobytes())
        return number

    def replace(self, number: int, mesh: RestMesh):
        """Put another shape in the place of an uploaded one."""
        self._meshes[number].write(self._buffers.shape_array(self._template, mesh).tobytes())

    def array(self, name: str, program, mesh_id: int, part: str):
        """Vertex array of a shape's ``part`` (hand, sleeve, caster of shadows) for a program known by ``name``."""
        key = (name, mesh_id, part)
        if key not in self._arrays:
            content = [named_buffer(program, self._meshes[mesh_id], "3f 3f", ("rest", "rest_normal"))]
            content.append(named_buffer(program, self._static, STATIC_FORMAT, STATIC_NAMES))
            content = [item for item in content if item]
            self._arrays[key] = self._gl.vertex_array(program, content, index_buffer=self._index[part])
        return self._arrays[key]

    def skin(self, number: int):
        """Texture of a skin; numbers beyond the folder's skins begin again."""
        if number not in self._skins:
            paths = self._template.folder.skins
            image = cv2.imread(str(paths[number % len(paths)]), cv2.IMREAD_COLOR)
            image = cv2.resize(image, (SKIN_SIZE, SKIN_SIZE), interpolation=cv2.INTER_AREA)[::-1, :, ::-1]
            self._skins[number] = self._gl.texture((SKIN_SIZE,) * 2, 3, np.ascontiguousarray(image).tobytes())
        return self._skins[number]
