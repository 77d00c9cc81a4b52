"""The OpenGL programs, made when first used; few variants, for compiling one takes Mesa a second."""

from __future__ import annotations

import moderngl
import numpy as np

from hand_pose_ros.training.renderer import lighting, shaders, shading
from hand_pose_ros.training.renderer.context import context

TEXTURES = {
    name: number
    for number, name in enumerate(
        ("place_map", "facing_map", "rest_map", "skin", "noise", "rough_noise", "shadow_map", "tattoos")
    )
}
SOURCES = {
    "hand": (shaders.VERTEX, shaders.GEOMETRY_FRAGMENT, ()),
    "sleeve": (shaders.VERTEX, shaders.GEOMETRY_FRAGMENT, ("SLEEVE",)),
    "shadow": (shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT, ()),
    "thing": (shaders.THING_VERTEX, shaders.THING_FRAGMENT, ()),
    "thing_shadow": (shaders.THING_SHADOW_VERTEX, shaders.SHADOW_FRAGMENT, ()),
}


class Programs:
    """Programs by name, and tiles filled by one of them."""

    def __init__(self):
        self._gl, self._made, self._quads = context(), {}, {}
        self._corners = self._gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())

    def __getitem__(self, name: str):
        """A program of the geometry pass."""
        if name not in self._made:
            self._made[name] = self._make(*SOURCES[name])
        return self._made[name]

    def fill(self, *defines: str):
        """Shade the tile in the viewport: ``SKIN``, ``CLOTH`` or both."""
        if defines not in self._quads:
            program = self._make(lighting.QUAD_VERTEX, shading.SURFACE_FRAGMENT, defines)
            self._quads[defines] = self._gl.vertex_array(program, [(self._corners, "2f", "corner")])
        self._quads[defines].render(moderngl.TRIANGLE_STRIP)

    def _make(self, vertex: str, fragment: str, defines):
        head = shaders.HEADER + "".join(f"#define {define}\n" for define in defines)
        program = self._gl.program(head + vertex, fragment_shader=head + fragment)
        for name in program:
            if name == "Row":
                program[name].binding = 0
            elif name in TEXTURES:
                program[name].value = TEXTURES[name]
        return program
