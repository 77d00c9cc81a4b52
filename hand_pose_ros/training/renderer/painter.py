"""Draws hands with OpenGL into a picture, an alpha mask, a depth image and a segment mask."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import moderngl
import numpy as np

from hand_pose_ros.training.poses.skeleton import PosedHand
from hand_pose_ros.training.renderer import shaders
from hand_pose_ros.training.renderer.appearance import Appearance, Lights
from hand_pose_ros.training.renderer.context import context
from hand_pose_ros.training.renderer.hand_buffers import HandBuffers
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.noise import SIZE, noise_volume

STATIC_FORMAT = "2f 4f 4f 1f 2f 1f"
STATIC_NAMES = ("uv", "bone", "weight", "along", "around", "segment")
SHADOW_SIZE = 512
SLEEVE_REACH_M = 0.03
HAND_STEP = 32
NEAR_M, FAR_M = 0.05, 6.0


@dataclass(frozen=True)
class PlacedHand:
    """A posed hand at its place: skinning matrices into the camera frame, and what its surface looks like."""

    mesh_id: int
    """Number that ``Painter.upload`` gave for the shape."""
    matrices: np.ndarray
    """(24, 4, 4) rest hand frame to camera frame; determinant negative for left hands."""
    capsules: np.ndarray
    """(24, 2, 4) ends in the camera frame and radius, metres; radius 0 for unused ones."""
    appearance: Appearance
    mirrored: bool


@dataclass(frozen=True)
class Layers:
    """What was drawn, top row first."""

    colour: np.ndarray
    """(H, W, 3) uint8 RGB, premultiplied by nothing: black where no hand covers."""
    alpha: np.ndarray
    """(H, W) float32 0..1 coverage."""
    depth_m: np.ndarray
    """(H, W) float32 metres along z, 0 where nothing is."""
    segments: np.ndarray
    """(H, W) uint8 mask values, plus HAND_STEP per hand number; sleeves are 18."""


def bone_matrices(posed: PosedHand, rotation: np.ndarray, translation: np.ndarray, mirrored: bool) -> np.ndarray:
    """(24, 4, 4) motions of hand 0 of ``posed`` followed by hand-to-camera ``rotation`` (3, 3) and ``translation`` (3,)."""
    mirror = np.diag([1.0, -1.0 if mirrored else 1.0, 1.0])
    turn = rotation @ mirror @ posed.rotations[0]
    place = posed.heads[0] @ (rotation @ mirror).T + translation
    matrices = np.zeros((len(turn), 4, 4))
    matrices[:, :3, :3] = turn
    matrices[:, :3, 3] = place - np.einsum("bij,bj->bi", turn, posed.rest_heads[0])
    matrices[:, 3, 3] = 1.0
    return matrices


def projection_matrix(camera_matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Clip coordinates of camera-frame points; framebuffer row 0 is the image's top row.

    Pixel u (origin at the centre of the top-left pixel) maps to the framebuffer's u + 0.5.
    """
    (fx, skew, cx), (_, fy, cy) = camera_matrix[0], camera_matrix[1]
    a = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    return np.array(
        [
            [2 * fx / width, 2 * skew / width, 2 * (cx + 0.5) / width - 1, 0],
            [0, 2 * fy / height, 2 * (cy + 0.5) / height - 1, 0],
            [0, 0, a, -(a + 1) * NEAR_M],
            [0, 0, 1, 0],
        ]
    )


def light_matrix(direction: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Orthographic view (4, 4) from the light over a sphere in the camera frame."""
    z = -direction / np.linalg.norm(direction)
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    rows = np.stack([x, np.cross(z, x), z]) / radius
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rows, -rows @ centre
    return matrix


class Painter:
    """Holds the GPU's copies of one template, its shapes and skins; one size of picture."""

    def __init__(self, template: HandTemplate, width: int, height: int, samples: int = 4, skin_size: int = 512):
        self.width, self.height, self._gl = width, height, context()
        self._template, self._buffers = template, HandBuffers.of(template)
        self._programs = {
            name: self._gl.program(vertex_shader=shaders.VERTEX, fragment_shader=source)
            for name, source in (
                ("skin", shaders.SKIN_FRAGMENT), ("sleeve", shaders.SLEEVE_FRAGMENT),
                ("label", shaders.LABEL_FRAGMENT), ("shadow", shaders.DEPTH_FRAGMENT),
            )
        }  # fmt: skip
        self._skin_size, self._skins, self._meshes, self._arrays = skin_size, {}, {}, {}
        self._make_targets(samples)
        self._make_static()

    def _make_targets(self, samples: int):
        gl, size = self._gl, (self.width, self.height)
        self._drawing = gl.framebuffer([gl.renderbuffer(size, 4, samples=samples)], gl.depth_renderbuffer(size, samples=samples))
        self._picture = gl.framebuffer([gl.renderbuffer(size, 4)])
        self._labels = gl.framebuffer([gl.renderbuffer(size, 2, dtype="f4")], gl.depth_renderbuffer(size))
        self._shadow = gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self._shadow.compare_func, self._shadow.filter = "<=", (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow)

    def _make_static(self):
        triangles = self._buffers.triangles
        on_arm = self._template.shaped().vertices[self._buffers.corner_vertices, 0] < SLEEVE_REACH_M
        sleeve = triangles[on_arm[triangles].all(axis=1)]
        self._static = self._gl.buffer(self._buffers.static.tobytes())
        self._index = {"hand": self._gl.buffer(triangles.tobytes()), "sleeve": self._gl.buffer(sleeve.astype("i4").tobytes())}
        self._noise = self._gl.texture3d((SIZE,) * 3, 4, noise_volume().tobytes())

    def upload(self, mesh: RestMesh) -> int:
        """Give a shape to the GPU; returns its number."""
        number = len(self._meshes)
        data = self._buffers.shape_array(self._template, mesh)
        self._meshes[number] = self._gl.buffer(data.tobytes())
        return number

    def _array(self, program: str, mesh_id: int, index: str):
        key = (program, mesh_id, index)
        if key not in self._arrays:
            used = self._programs[program]
            content = [_named(used, self._meshes[mesh_id], "3f 3f", ("rest", "rest_normal"))]
            content.append(_named(used, self._static, STATIC_FORMAT, STATIC_NAMES))
            self._arrays[key] = self._gl.vertex_array(used, [c for c in content if c], index_buffer=self._index[index])
        return self._arrays[key]

    def _skin(self, number: int):
        if number not in self._skins:
            paths = self._template.folder.skins
            image = cv2.imread(str(paths[number % len(paths)]), cv2.IMREAD_COLOR)
            image = cv2.cvtColor(cv2.resize(image, (self._skin_size,) * 2, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
            texture = self._gl.texture((self._skin_size,) * 2, 3, np.ascontiguousarray(image[::-1]).tobytes(), alignment=1)
            texture.build_mipmaps()
            self._skins[number] = texture
        return self._skins[number]

    def paint(self, hands: list[PlacedHand], camera_matrix: np.ndarray, lights: Lights, labels: bool = True) -> Layers:
        """Draw ``hands`` as a camera with ``camera_matrix`` (3, 3) sees them; without ``labels`` depth and masks are zero."""
        projection = projection_matrix(np.asarray(camera_matrix, float), self.width, self.height)
        self._gl.enable(moderngl.DEPTH_TEST)
        self._gl.disable(moderngl.CULL_FACE)
        shadow_view = self._cast_shadows(hands, lights)
        self._drawing.use()
        self._drawing.clear(0, 0, 0, 0)
        capsules = np.concatenate([hand.capsules for hand in hands])[: shaders.CAPSULES * 2]
        for hand in hands:
            for name in ("skin", "sleeve") if hand.appearance.sleeve else ("skin",):
                self._set_light(name, lights, shadow_view, hand.capsules if len(hands) == 1 else _nearest(capsules, hand))
                self._draw(name, hand, projection)
        self._gl.copy_framebuffer(self._picture, self._drawing)
        rgba = np.frombuffer(self._picture.read(components=4), np.uint8).reshape(self.height, self.width, 4)
        depth, segments = self._paint_labels(hands, projection) if labels else _no_labels(self.height, self.width)
        return Layers(rgba[..., :3], rgba[..., 3].astype(np.float32) / 255, depth, segments)

    def _cast_shadows(self, hands, lights) -> np.ndarray:
        ends = np.concatenate([hand.capsules[hand.capsules[:, 0, 3] > 0].reshape(-1, 4) for hand in hands])
        centre = (ends[:, :3].min(axis=0) + ends[:, :3].max(axis=0)) / 2
        radius = np.linalg.norm(ends[:, :3] - centre, axis=1).max() + 0.04
        view = light_matrix(lights.directions[0], centre, radius)
        self._shadow_buffer.use()
        self._shadow_buffer.clear(depth=1.0)
        for hand in hands:
            self._draw("shadow", hand, view)
        return view

    def _paint_labels(self, hands, projection):
        self._labels.use()
        self._labels.clear(0, 0, 0, 0)
        for number, hand in enumerate(hands):
            self._programs["label"]["part_offset"].value = float(HAND_STEP * number)
            self._programs["label"]["cut"].value = 9.0
            self._draw("label", hand, projection)
            if hand.appearance.sleeve:
                self._programs["label"]["part_offset"].value = float(HAND_STEP * number) + 1.0
                self._programs["label"]["cut"].value = hand.appearance.sleeve.edge_m
                self._draw("label", hand, projection, "sleeve", hand.appearance.sleeve.thickness_m)
        data = np.frombuffer(self._labels.read(components=2, dtype="f4"), np.float32).reshape(self.height, self.width, 2)
        return data[..., 0], np.rint(data[..., 1]).astype(np.uint8)

    def _draw(self, program: str, hand: PlacedHand, projection: np.ndarray, index: str | None = None, swell: float = 0.0):
        used, look = self._programs[program], hand.appearance
        index = index or ("sleeve" if program == "sleeve" else "hand")
        values = {"bones": hand.matrices, "projection": projection, "band": look.bracelet, "swell": swell}
        values["facing_sign"] = 1.0
        if program == "skin":
            values.update(_skin_values(look))
            self._skin(look.skin).use(0)
        if program == "sleeve":
            values.update(_sleeve_values(look.sleeve))
        if program in ("skin", "sleeve"):
            self._noise.use(1)
            self._shadow.use(2)
        _set(used, values)
        self._array(program, hand.mesh_id, index).render()

    def _set_light(self, program: str, lights: Lights, view: np.ndarray, capsules: np.ndarray):
        values = {
            "light_direction": lights.directions, "light_colour": lights.colours, "sky": lights.sky,
            "ground": lights.ground, "up": lights.up, "exposure": lights.exposure, "light_projection": view,
            "capsule_a": capsules[: shaders.CAPSULES, 0], "capsule_b": capsules[: shaders.CAPSULES, 1],
            "shadow_softness": 1.5 / SHADOW_SIZE, "skin": 0, "noise": 1, "shadow_map": 2,
        }  # fmt: skip
        _set(self._programs[program], values)


def _named(program, buffer, layout: str, names: tuple[str, ...]):
    """Buffer description that skips the attributes a program does not use."""
    parts = [(fmt, name) if name in program else (f"{fmt[0]}x4", None) for fmt, name in zip(layout.split(), names)]
    used = [name for _, name in parts if name]
    return (buffer, " ".join(fmt for fmt, _ in parts), *used) if used else None


def _set(program, values: dict):
    """Write uniforms that the program has; matrices are transposed to GL's column order."""
    for name, value in values.items():
        if name not in program:
            continue
        if isinstance(value, (int, float)):
            program[name].value = value
        else:
            array = np.asarray(value, np.float32)
            array = np.swapaxes(array, -1, -2) if array.shape[-2:] == (4, 4) else array
            program[name].write(np.ascontiguousarray(array).tobytes())


def _skin_values(look: Appearance) -> dict:
    return {
        "tint": look.tint, "relief": look.relief, "wrinkles": look.wrinkles, "gloss": look.gloss, "shine": look.shine,
        "nail_colour": look.nail_colour, "nail_gloss": look.nail_gloss, "vein": look.veins, "mottle": look.mottle,
        "band_colour": look.bracelet_colour, "ring": look.ring, "ring_colour": look.ring_colour, "glove": look.glove,
        "cuff": look.sleeve.edge_m if look.sleeve else -9.0,
    }  # fmt: skip


def _sleeve_values(sleeve) -> dict:
    return {
        "cut": sleeve.edge_m, "swell": sleeve.thickness_m, "cloth_a": sleeve.colour, "cloth_b": sleeve.second_colour,
        "pattern": (float(sleeve.pattern), sleeve.frequency, sleeve.folds),
    }  # fmt: skip


def _nearest(capsules: np.ndarray, hand: PlacedHand) -> np.ndarray:
    """The 24 capsules of all hands that matter most to one hand: its own first, nearest others in its unused places."""
    centre = hand.matrices[2, :3, 3]
    order = np.argsort(np.where(capsules[:, 0, 3] > 0, np.linalg.norm(capsules[:, 0, :3] - centre, axis=1), 9.0))
    return capsules[order][: shaders.CAPSULES]


def _no_labels(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((height, width), np.float32), np.zeros((height, width), np.uint8)
