"""Draws primitives into the geometry buffer and the shadow map."""

from __future__ import annotations

from hand_pose_ros.training.renderer import shaders
from hand_pose_ros.training.renderer.appearance import Thing
from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.primitives import KINDS, primitive
from hand_pose_ros.training.renderer.uniforms import set_uniforms


class GpuThings:
    """The primitives' meshes on the GPU."""

    def __init__(self):
        gl = context()
        self._geometry = gl.program(shaders.THING_VERTEX, fragment_shader=shaders.THING_FRAGMENT)
        self._shadow = gl.program(shaders.THING_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT)
        self._arrays = {}
        for kind in KINDS:
            corners, triangles = primitive(kind)
            buffers = gl.buffer(corners.tobytes()), gl.buffer(triangles.tobytes())
            content = [(buffers[0], "3f 3f", "rest", "rest_normal")]
            self._arrays[kind, False] = gl.vertex_array(self._geometry, content, index_buffer=buffers[1])
            content = [(buffers[0], "3f 3x4", "rest")]
            self._arrays[kind, True] = gl.vertex_array(self._shadow, content, index_buffer=buffers[1])

    def draw(self, things: list[Thing], projection, shadow: bool = False):
        """Draw into the framebuffer in use: the geometry buffer, or a shadow map."""
        for thing in things:
            set_uniforms(self._shadow if shadow else self._geometry, {"model": thing.matrix, "projection": projection})
            self._arrays[thing.kind, shadow].render()
