"""Draws primitives into the geometry buffer and the shadow map."""

from __future__ import annotations

from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.primitives import KINDS, primitive
from hand_pose_ros.training.renderer.programs import Programs


class GpuThings:
    """The primitives' meshes on the GPU."""

    def __init__(self, programs: Programs):
        gl, self._arrays = context(), {}
        for kind in KINDS:
            corners, triangles = primitive(kind)
            buffers = gl.buffer(corners.tobytes()), gl.buffer(triangles.tobytes())
            content = [(buffers[0], "3f 3f", "rest", "rest_normal")]
            self._arrays[kind, False] = gl.vertex_array(programs["thing"], content, index_buffer=buffers[1])
            content = [(buffers[0], "3f 3x4", "rest")]
            self._arrays[kind, True] = gl.vertex_array(programs["thing_shadow"], content, index_buffer=buffers[1])

    def draw(self, kind: str, shadow: bool = False):
        """Draw into the framebuffer in use, the geometry buffer or a shadow map, as the row in use says."""
        self._arrays[kind, shadow].render()
