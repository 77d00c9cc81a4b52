"""The GPU's copies of one hand template: its triangles, its shapes, skin textures and the noise volume."""

from __future__ import annotations

import cv2
import moderngl
import numpy as np

from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.hand_buffers import HandBuffers
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.noise import SIZE, noise_volume
from hand_pose_ros.training.renderer.simplification import simplified

STATIC_FORMAT = "2f 4f 4f 1f 2f 1f 3f"
STATIC_NAMES = ("uv", "bone", "weight", "along", "around", "segment", "site")
SLEEVE_REACH_M, CASTER_REACH_M = 0.03, -0.06
BARE_FROM_M, HEM_ROOM_M = (-0.03, -0.06, -0.10, -0.15, -0.20), 0.02
DRAWN_TRIANGLES, CASTING_TRIANGLES = 2400, 1000
SKIN_SIZE = 512


class GpuHand:
    """Uploads what hands of one template need, once each."""

    def __init__(self, template: HandTemplate):
        self._gl, self._template = context(), template
        self._buffers = HandBuffers.of(template)
        self._meshes, self._arrays, self._skins = {}, {}, {}
        self._static = self._gl.buffer(self._buffers.static.tobytes())
        self._index = {name: self._gl.buffer(own.tobytes()) for name, own in self._parts().items()}
        self.noise, self._rough = (self._gl.texture3d((SIZE,) * 3, 4, noise_volume().tobytes()) for _ in range(2))
        self._rough.filter = moderngl.NEAREST, moderngl.NEAREST

    def _parts(self) -> dict[str, np.ndarray]:
        """Triangles of what is drawn by itself; a mesh that is not subdivided is for crops, and simplified."""
        fine, coarse = self._buffers.triangles, self._buffers.triangles
        if not self._template.subdivided:
            poses = self._buffers.posed_corners(self._template)
            fine = simplified(poses, fine, self._buffers.segments, DRAWN_TRIANGLES)
            coarse = simplified(poses, fine, self._buffers.segments, CASTING_TRIANGLES)
        x = self._buffers.static[:, -3]
        parts = {"hand": fine, "sleeve": fine[x[fine].max(axis=1) < SLEEVE_REACH_M],
                 "caster": coarse[x[coarse].max(axis=1) > CASTER_REACH_M]}  # fmt: skip
        return parts | {f"bare {limit}": fine[x[fine].max(axis=1) > limit] for limit in BARE_FROM_M}

    def bare_part(self, hem_m: float | None) -> str:
        """Part of the hand to draw under a sleeve that ends at ``hem_m``: nobody sees the arm inside."""
        bare = [limit for limit in BARE_FROM_M if hem_m is not None and limit < hem_m - HEM_ROOM_M]
        return f"bare {bare[0]}" if bare else "hand"

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

    def rough_noise(self, smooth: bool):
        """The noise without interpolation, a third of the price; large pictures would show its cells."""
        return self.noise if smooth else self._rough

    def skin(self, number: int):
        """Texture of a skin; numbers beyond the folder's skins begin again."""
        if number not in self._skins:
            paths = self._template.folder.skins
            image = cv2.imread(str(paths[number % len(paths)]), cv2.IMREAD_COLOR)
            image = cv2.resize(image, (SKIN_SIZE, SKIN_SIZE), interpolation=cv2.INTER_AREA)[::-1, :, ::-1]
            self._skins[number] = self._gl.texture((SKIN_SIZE,) * 2, 3, np.ascontiguousarray(image).tobytes())
        return self._skins[number]


def named_buffer(program, buffer, layout: str, names: tuple[str, ...]):
    """Description of an interleaved buffer for a vertex array, skipping what ``program`` does not use; None if all."""
    parts = [
        (fmt, name) if name in program else (f"{fmt[0]}x4", None)
        for fmt, name in zip(layout.split(), names, strict=True)
    ]
    used = [name for _, name in parts if name]
    return (buffer, " ".join(fmt for fmt, _ in parts), *used) if used else None
