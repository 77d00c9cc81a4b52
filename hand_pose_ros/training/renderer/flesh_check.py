"""How deep the skins of a hand's parts lie in each other, on the meshes of random hands in the poses of the prior.

Every vertex of a finger is looked up on the skin of each other finger and of the palm; behind that skin, its distance
is a depth. Parts that grow together are left out: neighbouring fingers' bases near the web, thumb base and palm, and
places near the rim where a part's skin was cut from the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import FINGER_NAMES
from hand_pose_ros.training.renderer.hand_buffers import vertex_normals
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.posed_mesh import posed_vertices
from hand_pose_ros.training.renderer.shape import average_shape, random_shape
from hand_pose_ros.training.renderer.surface_coordinates import surface_coordinates

PART_NAMES = ("palm", *(f"{finger} {k}" for finger in ("thumb", *FINGER_NAMES) for k in (1, 2, 3)))
SOFT_M, ALLOWED_M = 0.002, 0.004
"""How deep real fingers press into each other; a pose must not lie 2 mm deeper than that."""
REACH_M, STRAIGHT, WEB_SHARE, RIM_STEPS = 0.016, 0.7, 0.6, 2


@dataclass(frozen=True)
class Depth:
    """The deepest place of one hand in one pose."""

    metres: float
    parts: tuple[str, str]
    """Names of the two parts, empty where nothing overlaps."""


class FleshCheck:
    """Measures hands of one template."""

    def __init__(self, template: HandTemplate):
        mesh = template.shaped(average_shape())
        where = surface_coordinates(mesh.vertices, template.weights, mesh.hand)
        self._faces, self._part = template.faces, np.where(where.segment <= 16, where.segment - 1, -1)
        self._finger = np.where(self._part > 0, (self._part - 1) // 3 + 1, self._part)
        self._web = (self._part >= 4) & (self._part % 3 == 1) & (where.along < WEB_SHARE)
        rim = self._faces[(self._finger[self._faces] != self._finger[self._faces[:, :1]]).any(axis=1)].ravel()
        self._rim = np.zeros(len(self._part), bool)
        self._rim[rim] = True
        for _ in range(RIM_STEPS):
            self._rim[self._faces[self._rim[self._faces].any(axis=1)].ravel()] = True

    def table(self, vertices: np.ndarray) -> np.ndarray:
        """(16, 16) deepest places in metres of each of ``PART_NAMES`` in each other, of a mesh (V, 3)."""
        normals, depths = vertex_normals(vertices, self._faces), np.zeros((16, 16))
        points, ways = (self._with_centres(values) for values in (vertices, normals))
        ways = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        owner = np.concatenate([np.arange(len(vertices)), self._faces[:, 0]])
        for finger in range(6):
            skin = np.flatnonzero(self._finger[owner] == finger)
            others = np.flatnonzero((self._finger >= 0) & (self._finger != finger))
            distance, nearest = cKDTree(points[skin]).query(vertices[others], distance_upper_bound=REACH_M)
            near = np.isfinite(distance)
            others, distance, nearest = others[near], distance[near], skin[nearest[near]]
            height = ((vertices[others] - points[nearest]) * ways[nearest]).sum(axis=1)
            inside = (height < -STRAIGHT * distance) & self._counts(others, owner[nearest])
            parts = self._part[others[inside]], self._part[owner[nearest[inside]]]
            np.maximum.at(depths, parts, distance[inside])
        return np.maximum(depths, depths.T)

    def __call__(self, vertices: np.ndarray) -> Depth:
        """The deepest place of a posed mesh (V, 3)."""
        depths = self.table(vertices)
        one, other = np.unravel_index(depths.argmax(), depths.shape)
        return Depth(float(depths[one, other]), (PART_NAMES[one], PART_NAMES[other]) if depths.any() else ("", ""))

    def _with_centres(self, values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, values[self._faces].mean(axis=1)])

    def _counts(self, vertex: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Whether a vertex behind another part's skin counts."""
        one, two = self._part[vertex], self._part[other]
        low, high = np.minimum(one, two), np.maximum(one, two)
        grown = ((low == 0) & (high % 3 == 1)) | ((low == 1) & (high % 3 == 1))
        return ~grown & ~self._rim[other] & ~(self._web[vertex] & self._web[other])


def named_depths(makehuman, shapes: int, seed: int = 0) -> dict[str, list[Depth]]:
    """Of every named pose on ``shapes`` random hands, with the angles that the prior gives it there."""
    generator = np.random.default_rng(seed)
    template, prior = HandTemplate(MakeHumanFolder(makehuman), 1), PosePrior(np.random.default_rng(seed), variants=1)
    check, names = FleshCheck(template), list(ALL_POSES)
    library = np.array([prior.named(name) for name in names])
    depths = {name: [] for name in names}
    for _ in range(shapes):
        mesh = template.shaped(random_shape(generator))
        settled = prior.settled(mesh.hand, library, names)
        for name, vertices in zip(names, posed_vertices(template, mesh, settled), strict=True):
            depths[name].append(check(vertices))
    return depths


def drawn_depths(makehuman, draws: int, seed: int = 0, shapes: int = 20) -> list[Depth]:
    """Of random draws of the prior, spread over ``shapes`` random hands."""
    generator = np.random.default_rng(seed)
    template, prior = HandTemplate(MakeHumanFolder(makehuman), 1), PosePrior(generator)
    check, depths = FleshCheck(template), []
    for count in np.diff(np.linspace(0, draws, min(shapes, draws) + 1).astype(int)):
        mesh = template.shaped(random_shape(generator))
        depths += [check(v) for v in posed_vertices(template, mesh, prior.sample(count, mesh.hand))]
    return depths


def depth_table(named: dict[str, list[Depth]], drawn: list[Depth]) -> str:
    """Lines of text: each pose's deepest place over the hands, then percentiles of the random draws, millimetres."""
    lines = [f"{'pose':22}{'median':>8}{'deepest':>9}   between"]
    for name, depths in named.items():
        worst = max(depths, key=lambda depth: depth.metres)
        middle = np.median([depth.metres for depth in depths])
        lines.append(f"{name:22}{middle * 1e3:8.1f}{worst.metres * 1e3:9.1f}   {' - '.join(worst.parts).strip(' -')}")
    if drawn:
        sizes = np.array([depth.metres for depth in drawn])
        parts = [f"{q} % {np.percentile(sizes, q) * 1e3:.1f} mm" for q in (50, 90, 99)]
        within = f"{(sizes <= ALLOWED_M).mean():.1%} within {ALLOWED_M * 1e3:.0f} mm"
        lines.append(f"{len(drawn)} random draws: {', '.join(parts)}, deepest {sizes.max() * 1e3:.1f} mm; {within}")
    return "\n".join(lines)
