"""Draws hands with OpenGL into pictures with coverage, depth and segments: geometry first, then shading per pixel.

The pictures of a batch stand one above the other as tiles of the same framebuffers, so that a batch costs three passes
and two reads, however many pictures it has; what differs from object to object lies in the rows of one uniform buffer.
"""

from __future__ import annotations

from collections.abc import Sequence

import moderngl
import numpy as np

from hand_pose_ros.training.renderer.appearance import Appearance
from hand_pose_ros.training.renderer.body_template import BodyMesh, BodyTemplate
from hand_pose_ros.training.renderer.compositing import averaged, smoothed
from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.gpu_body import GpuBody
from hand_pose_ros.training.renderer.gpu_hand import GpuHand
from hand_pose_ros.training.renderer.gpu_things import GpuThings
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.placed_hand import Layers, Picture, PlacedBody
from hand_pose_ros.training.renderer.programs import TEXTURES, Programs
from hand_pose_ros.training.renderer.projection import enlarged
from hand_pose_ros.training.renderer.row_block import ROW
from hand_pose_ros.training.renderer.row_packing import packed, row_count
from hand_pose_ros.training.renderer.tattoos import tattoo_sheet

SHADOW_SIZE = 128
MAPS = {"place_map": "f4", "facing_map": "f2", "rest_map": "f2"}
MOST_ROWS = 8192
"""Of a framebuffer; drivers allow 16384 at least."""


class Painter:
    """Pictures of one size, of hands of one template, up to ``tiles`` at once, with ``bodies`` or without.
    ``supersampling`` 2 or more smooths edges by averaging pixels, 1 by a blur of the coverage's edge (four times as
    fast)."""

    def __init__(
        self, template: HandTemplate, width: int, height: int, supersampling: int = 1, tiles: int = 1,
        bodies: BodyTemplate | None = None,
    ):  # fmt: skip
        self.width, self.height, self._factor, self._gl = width, height, supersampling, context()
        self._tile = width * supersampling, height * supersampling
        self.tiles = max(1, min(tiles, MOST_ROWS // self._tile[1]))
        self._programs = Programs()
        self._hand, self._things = GpuHand(template), GpuThings(self._programs)
        self._body = GpuBody(bodies) if bodies else None
        self._rows = None
        self._tattoos = self._gl.texture(*tattoo_sheet())
        self._make_targets()

    def _make_targets(self):
        gl, size = self._gl, (self._tile[0], self._tile[1] * self.tiles)
        self._maps = [gl.texture(size, 4, dtype=dtype) for dtype in MAPS.values()]
        for texture in self._maps:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        depth = gl.depth_renderbuffer(size)
        self._geometry = gl.framebuffer(self._maps, depth)
        self._picture = gl.framebuffer([gl.renderbuffer(size, 4)], depth)
        self._picture.depth_mask = False
        self._shadow = gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE * self.tiles))
        self._shadow.compare_func, self._shadow.filter = "<=", (moderngl.LINEAR, moderngl.LINEAR)
        self._shadows = gl.framebuffer(depth_attachment=self._shadow)

    def upload(self, mesh: RestMesh) -> int:
        """Give a shape to the GPU; returns its number."""
        return self._hand.upload(mesh)

    def replace(self, mesh_id: int, mesh: RestMesh):
        """Put another shape in the place of an uploaded one."""
        self._hand.replace(mesh_id, mesh)

    def upload_body(self, mesh: BodyMesh) -> int:
        """Give a body to the GPU; returns its number."""
        return self._body.upload(mesh)

    def paint(self, pictures: Sequence[Picture]) -> Layers:
        """Draw pictures, at most ``tiles`` of them. ValueError for more, or none."""
        if not 0 < len(pictures) <= self.tiles:
            raise ValueError(f"{len(pictures)} pictures: this painter draws 1 to {self.tiles} at once")
        cameras = enlarged(np.array([picture.camera_matrix for picture in pictures], float), self._factor)
        self._write(packed(pictures, self._tile, cameras, SHADOW_SIZE, self.tiles))
        numbers = np.cumsum([0, *(row_count(picture) for picture in pictures)])[:-1].tolist()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.depth_func = "<"
        self._cast_shadows(pictures, numbers)
        self._draw_geometry(pictures, numbers)
        self._shade(pictures, numbers)
        return self._read(len(pictures))

    def _write(self, rows: np.ndarray):
        if self._rows is None or self._rows.size < rows.nbytes:
            self._rows = self._gl.buffer(reserve=max(rows.nbytes, 2 * self.tiles * ROW.itemsize), dynamic=True)
        self._rows.write(rows.tobytes())

    def _use_row(self, number: int):
        self._rows.bind_to_uniform_block(0, offset=number * ROW.itemsize, size=ROW.itemsize)

    def _cast_shadows(self, pictures, firsts):
        self._shadows.use()
        self._shadows.scissor = None
        self._shadows.clear(depth=1.0)
        for tile, (picture, first) in enumerate(zip(pictures, firsts, strict=True)):
            if not picture.lights.shadows:
                continue
            self._shadows.viewport = 0, tile * SHADOW_SIZE, SHADOW_SIZE, SHADOW_SIZE
            for number, hand in enumerate(picture.hands, first):
                self._use_row(number)
                self._hand.array("shadow", self._programs["shadow"], hand.mesh_id, "caster").render()
            for number, thing in enumerate(picture.things, first + len(picture.hands)):
                self._use_row(number)
                self._things.draw(thing.kind, shadow=True)

    def _draw_geometry(self, pictures, firsts):
        self._geometry.use()
        self._geometry.scissor = None
        self._geometry.clear()
        self._hand.noise.use(TEXTURES["noise"])
        for tile, (picture, first) in enumerate(zip(pictures, firsts, strict=True)):
            self._geometry.viewport = self._geometry.scissor = 0, tile * self._tile[1], *self._tile
            for number, hand in enumerate(picture.hands, first):
                self._use_row(number)
                self._draw_hand(hand)
            for number, thing in enumerate(picture.things, first + len(picture.hands)):
                self._use_row(number)
                self._things.draw(thing.kind)
            before_bodies = first + len(picture.hands) + len(picture.things)
            for number, (body, piece) in enumerate(pieces_of(picture), before_bodies):
                self._use_row(number)
                self._cull(body.mirrored, piece != "hair")
                self._body.array(self._programs["hand"], body.mesh_id, piece).render()
            self._gl.disable(moderngl.CULL_FACE)

    def _cull(self, mirrored: bool, wanted: bool = True):
        """Leave out inner sides: they are never seen of what is closed. Mirroring turns the corners' order."""
        self._gl.front_face = "ccw" if mirrored else "cw"
        (self._gl.enable if wanted else self._gl.disable)(moderngl.CULL_FACE)

    def _draw_hand(self, hand):
        sleeve = hand.appearance.sleeve
        self._cull(hand.mirrored)
        part = self._hand.bare_part(sleeve.edge_m if sleeve else None)
        self._hand.array("hand", self._programs["hand"], hand.mesh_id, part).render()
        self._gl.disable(moderngl.CULL_FACE)
        if sleeve:
            self._hand.array("sleeve", self._programs["sleeve"], hand.mesh_id, "sleeve").render()

    def _shade(self, pictures, firsts):
        self._picture.use()
        self._picture.scissor = None
        self._picture.clear()  # colour alone, see depth_mask
        # The quads lie at the far plane: only pixels before which geometry was drawn pass.
        self._gl.depth_func = ">"
        for name, texture in zip(MAPS, self._maps, strict=True):
            texture.use(TEXTURES[name])
        self._shadow.use(TEXTURES["shadow_map"])
        self._tattoos.use(TEXTURES["tattoos"])
        self._hand.noise.use(TEXTURES["noise"])
        self._hand.rough_noise(self._factor > 1).use(TEXTURES["rough_noise"])
        for tile, (picture, first) in enumerate(zip(pictures, firsts, strict=True)):
            self._picture.viewport = 0, tile * self._tile[1], *self._tile
            for number, (look, defines) in enumerate(surfaces_of(picture), first):
                self._use_row(number)
                if look:
                    self._hand.skin(look.skin).use(TEXTURES["skin"])
                self._programs.fill(*defines)

    def _read(self, count: int) -> Layers:
        (width, height), factor = self._tile, self._factor
        area = 0, 0, width, height * count
        rgba = np.frombuffer(self._picture.read(area, components=4), np.uint8).reshape(count, height, width, 4)
        place = self._geometry.read(area, components=2, dtype="f4")
        place = np.frombuffer(place, np.float32).reshape(count, height, width, 2)
        # Depth and segments are not averaged: every factor-th pixel, next to the middle of its block.
        place = place[:, factor // 2 :: factor, factor // 2 :: factor]
        colour = smoothed(rgba) if factor == 1 else averaged(rgba, (self.width, self.height))
        return Layers(colour, place[..., 0].copy(), np.rint(place[..., 1]).astype(np.uint8))


def pieces_of(picture: Picture) -> list[tuple[PlacedBody, str]]:
    """Bodies and names of their pieces, in the order of their rows."""
    return [(body, piece) for body in picture.bodies for piece in body.cloths]


def surfaces_of(picture: Picture) -> list[tuple[Appearance | None, tuple[str, ...]]]:
    """For each row of a picture: whose skin it shows, and what its program must know."""
    rows = [(hand.appearance, ("SKIN", "CLOTH") if hand.appearance.sleeve else ("SKIN",)) for hand in picture.hands]
    rows += [(None, ("CLOTH",)) for _ in picture.things]
    for body, piece in pieces_of(picture):
        rows.append((None, ("CLOTH",)) if body.cloths[piece] else (body.skin, ("SKIN",)))
    return rows
