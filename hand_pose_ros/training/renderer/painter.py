"""Draws hands with OpenGL into a picture with coverage, depth and segments: geometry first, then shading per pixel."""

from __future__ import annotations

import cv2
import moderngl
import numpy as np

from hand_pose_ros.training.renderer import shaders, shading
from hand_pose_ros.training.renderer.appearance import Lights
from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.gpu_hand import GpuHand
from hand_pose_ros.training.renderer.gpu_things import GpuThings
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.placed_hand import HAND_STEP, Layers, PlacedHand
from hand_pose_ros.training.renderer.projection import enlarged, light_matrix, projection_matrix
from hand_pose_ros.training.renderer.uniforms import (
    light_values,
    nearest_capsules,
    set_uniforms,
    skin_values,
    sleeve_values,
)  # fmt: skip

SHADOW_SIZE = 256
EDGE_SIGMA_PX = 0.55
EVERYTHING = 9.0
GEOMETRY_MAPS = ("place_map", "facing_map", "rest_map", "surface_map")
TEXTURES = {name: number for number, name in enumerate((*GEOMETRY_MAPS, "skin", "noise", "shadow_map"))}


class Painter:
    """Pictures of one size, of hands of one template. ``supersampling`` 2 or more smooths edges by averaging pixels,
    1 by a blur of the coverage's edge (four times as fast)."""

    def __init__(self, template: HandTemplate, width: int, height: int, supersampling: int = 1):
        self.width, self.height, self._factor, self._gl = width, height, supersampling, context()
        self._hand, self._things = GpuHand(template), GpuThings()
        geometry = {"geometry": shaders.GEOMETRY_FRAGMENT, "shadow": shaders.SHADOW_FRAGMENT}
        quad = {"skin": shading.SKIN_FRAGMENT, "sleeve": shading.SLEEVE_FRAGMENT}
        self._programs = {n: self._gl.program(shaders.VERTEX, fragment_shader=s) for n, s in geometry.items()}
        self._programs |= {n: self._gl.program(shading.QUAD_VERTEX, fragment_shader=s) for n, s in quad.items()}
        for program in self._programs.values():
            set_uniforms(program, TEXTURES | {"shadow_softness": 1.2 / SHADOW_SIZE})
        corners = self._gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self._quads = {name: self._gl.vertex_array(self._programs[name], [(corners, "2f", "corner")]) for name in quad}
        self._make_targets()

    def _make_targets(self):
        gl, size = self._gl, (self.width * self._factor, self.height * self._factor)
        self._maps = [gl.texture(size, 4, dtype="f4") for _ in GEOMETRY_MAPS]
        depth = gl.depth_renderbuffer(size)
        self._geometry = gl.framebuffer(self._maps, depth)
        self._picture = gl.framebuffer([gl.renderbuffer(size, 4)], depth)
        self._picture.depth_mask = False
        self._shadow = gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self._shadow.compare_func, self._shadow.filter = "<=", (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow)

    def upload(self, mesh: RestMesh) -> int:
        """Give a shape to the GPU; returns its number."""
        return self._hand.upload(mesh)

    def replace(self, mesh_id: int, mesh: RestMesh):
        """Put another shape in the place of an uploaded one."""
        self._hand.replace(mesh_id, mesh)

    def paint(self, hands: list[PlacedHand], camera_matrix: np.ndarray, lights: Lights, things=()) -> Layers:
        """Draw ``hands`` (1 to 7) and ``things`` (of one surface) as a camera with ``camera_matrix`` K sees them."""
        matrix = enlarged(np.asarray(camera_matrix, float), self._factor)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.depth_func = "<"
        shadow_view = self._cast_shadows(hands, things, lights)
        projection = projection_matrix(matrix, self.width * self._factor, self.height * self._factor)
        self._draw_geometry(hands, things, projection)
        self._shade(hands, things, lights, shadow_view)
        return self._read()

    def _cast_shadows(self, hands, things, lights) -> np.ndarray:
        ends = np.concatenate([hand.capsules[hand.capsules[:, 0, 3] > 0].reshape(-1, 4) for hand in hands])
        centre = (ends[:, :3].min(axis=0) + ends[:, :3].max(axis=0)) / 2
        view = light_matrix(lights.directions[0], centre, np.linalg.norm(ends[:, :3] - centre, axis=1).max() + 0.04)
        self._shadow_buffer.use()
        self._shadow_buffer.clear(depth=1.0)
        if not lights.shadows:
            return view
        for hand in hands:
            values = {"bones": hand.matrices, "projection": view, "band": hand.appearance.bracelet, "swell": 0.0}
            self._draw("shadow", hand, "caster", values)
        self._things.draw(things, view, shadow=True)
        return view

    def _draw_geometry(self, hands, things, projection):
        self._geometry.use()
        self._geometry.clear()
        self._hand.noise.use(TEXTURES["noise"])
        self._things.draw(things, projection)
        for number, hand in enumerate(hands):
            look = hand.appearance
            values = {"bones": hand.matrices, "projection": projection, "band": look.bracelet, "swell": 0.0,
                      "cut": EVERYTHING, "sleeve": 0.0, "hand_offset": float(HAND_STEP * number)}  # fmt: skip
            # The arm is closed but for its far end: its inner sides are never seen. Mirroring turns the corners' order.
            self._gl.front_face = "ccw" if hand.mirrored else "cw"
            self._gl.enable(moderngl.CULL_FACE)
            self._draw("geometry", hand, "hand", values)
            self._gl.disable(moderngl.CULL_FACE)
            if look.sleeve:
                values |= {"cut": look.sleeve.edge_m, "sleeve": 1.0, "swell": look.sleeve.thickness_m}
                self._draw("geometry", hand, "sleeve", values)

    def _draw(self, program: str, hand: PlacedHand, part: str, values: dict):
        set_uniforms(self._programs[program], values)
        self._hand.array(program, self._programs[program], hand.mesh_id, part).render()

    def _shade(self, hands, things, lights, shadow_view):
        self._picture.use()
        self._picture.clear()  # colour alone, see depth_mask
        # The quads lie at the far plane: only pixels before which geometry was drawn pass.
        self._gl.depth_func = ">"
        for number, texture in enumerate(self._maps):
            texture.use(number)
        self._shadow.use(TEXTURES["shadow_map"])
        for number, hand in enumerate(hands):
            look = hand.appearance
            values = light_values(lights, shadow_view, nearest_capsules(hands, hand))
            values["hand_offset"] = float(HAND_STEP * number)
            self._hand.skin(look.skin).use(TEXTURES["skin"])
            self._fill("skin", values | skin_values(look))
            if look.sleeve:
                self._fill("sleeve", values | sleeve_values(look.sleeve) | {"material": float(shaders.SLEEVE_PART)})
        if things:
            values |= sleeve_values(things[0].surface) | {"cut": EVERYTHING, "material": float(shaders.THING_PART)}
            self._fill("sleeve", values | {"hand_offset": 0.0})

    def _fill(self, program: str, values: dict):
        set_uniforms(self._programs[program], values)
        self._quads[program].render(moderngl.TRIANGLE_STRIP)

    def _read(self) -> Layers:
        width, height, factor = self.width * self._factor, self.height * self._factor, self._factor
        rgba = np.frombuffer(self._picture.read(components=4), np.uint8).reshape(height, width, 4)
        place = np.frombuffer(self._maps[0].read(), np.float32).reshape(height, width, 4)
        # Depth and segments are not averaged: every factor-th pixel, next to the middle of its block.
        place = place[factor // 2 :: factor, factor // 2 :: factor]
        colour, alpha = smoothed(rgba) if factor == 1 else averaged(rgba, (self.width, self.height))
        return Layers(colour, alpha, place[..., 2].copy(), np.rint(place[..., 3]).astype(np.uint8))


def averaged(rgba: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Colour weighted by coverage, and coverage, of a larger picture brought to ``size`` (width, height)."""
    small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    return small[..., :3], small[..., 3].astype(np.float32) / 255


def smoothed(rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour weighted by a coverage whose edge is blurred; edge pixels take the colour of covered neighbours."""
    soft = cv2.GaussianBlur(rgba, (3, 3), EDGE_SIGMA_PX)
    inside = rgba[..., 3] > 0
    colour = np.where((inside & (soft[..., 3] == 255))[..., None], rgba[..., :3], soft[..., :3])
    return colour, soft[..., 3].astype(np.float32) / 255
