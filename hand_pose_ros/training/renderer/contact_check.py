"""How well contacts close on the mesh itself: gaps and depths between the skins of the fingers that should touch."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from hand_pose_ros.training.poses.contact import Contact
from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import FINGER_NAMES
from hand_pose_ros.training.renderer.hand_buffers import vertex_normals
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.posed_mesh import posed_vertices
from hand_pose_ros.training.renderer.shape import random_shape
from hand_pose_ros.training.renderer.surface_coordinates import dominant_segment

FINGERS = ("thumb", *FINGER_NAMES)
NEIGHBOUR_M, STRAIGHT = 0.008, 0.8


def contact_gaps(makehuman, shapes: int, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For every named pose with a contact: signed gaps in metres (``shapes``,) of its first contact on random hands,
    with the angles solved on the standard hand, and solved on each hand; negative is a depth."""
    generator = np.random.default_rng(seed)
    template, prior = HandTemplate(MakeHumanFolder(makehuman), 1), PosePrior(np.random.default_rng(seed), variants=1)
    names = [name for name, named in ALL_POSES.items() if named.contacts]
    gaps = {name: ([], []) for name in names}
    segments = dominant_segment(template.weights)
    for _ in range(shapes):
        mesh, standard = template.shaped(random_shape(generator)), np.array([prior.named(name) for name in names])
        own = prior.settled(mesh.hand, standard, names)
        for kind, angles in enumerate((standard, own)):
            for name, vertices in zip(names, posed_vertices(template, mesh, angles), strict=True):
                contact = ALL_POSES[name].contacts[0]
                gaps[name][kind].append(surface_gap(vertices, template.faces, segments, contact))
    return {name: tuple(np.array(values) for values in pair) for name, pair in gaps.items()}


def surface_gap(vertices: np.ndarray, faces: np.ndarray, segments: np.ndarray, contact: Contact) -> float:
    """Smallest distance of the outer two phalanges of two fingers along the skin's normal, metres; negative inside."""
    normals = vertex_normals(vertices, faces)
    one, other = contact.first, contact.second
    return min(
        _one_way(vertices, normals, _phalanges(segments, one.finger, 1), _phalanges(segments, other.finger)),
        _one_way(vertices, normals, _phalanges(segments, other.finger, min(other.segment, 1)),
                 _phalanges(segments, one.finger)),
    )  # fmt: skip


def _phalanges(segments: np.ndarray, finger: str, start: int = 0) -> np.ndarray:
    first = 2 + 3 * FINGERS.index(finger)
    return np.flatnonzero((segments >= first + start) & (segments <= first + 2))


def _one_way(vertices, normals, first, second) -> float:
    distance, nearest = cKDTree(vertices[second]).query(vertices[first])
    way = vertices[first] - vertices[second[nearest]]
    along = (way * normals[second[nearest]]).sum(axis=1)
    # What lies beside a vertex, not before or behind it, says nothing: the surface goes on elsewhere there.
    facing = (distance < NEIGHBOUR_M) & (np.abs(along) > STRAIGHT * distance)
    return float(along[facing].min()) if facing.any() else float(distance.min())


def gap_table(gaps: dict[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """Lines of text: for each pose the median and 90th percentile of the gaps' sizes, and the deepest, millimetres."""
    lines = [f"{'pose':22}{'standard hand':>20}{'own hand':>20}{'own: deepest':>14}"]
    for name, (standard, own) in gaps.items():
        lines.append(f"{name:22}{_cell(standard):>20}{_cell(own):>20}{own.min() * 1e3:11.1f} mm")
    standard, own = (np.concatenate([pair[kind] for pair in gaps.values()]) for kind in (0, 1))
    return "\n".join([*lines, f"{'all':22}{_cell(standard):>20}{_cell(own):>20}"])


def _cell(gaps: np.ndarray) -> str:
    middle, most = np.percentile(np.abs(gaps) * 1e3, (50, 90))
    return f"{middle:.1f} / {most:.1f} mm"
