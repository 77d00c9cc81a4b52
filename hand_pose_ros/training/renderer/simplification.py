"""Fewer triangles by half-edge collapses that look least in several poses of the mesh at once.

Garland and Heckbert, "Surface simplification using quadric error metrics", 1997, with collapses onto existing vertices
only, so that skin weights, shape targets and texture coordinates stay as they are.
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.rotations import cross, normalized

ROUND_SHARE, SMALLEST_COSINE, REGULARITY = 0.35, 0.4, 1e-3


def simplified(points: np.ndarray, triangles: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """About ``count`` of the triangles (M, 3) over V vertices, whose places in P poses are ``points`` (P, V, 3).

    Vertices on the border (texture seams) stay, and so do those beside another of the ``groups`` (V,).
    """
    quadrics = sum(_quadrics(pose, triangles) for pose in points)
    while len(triangles) > count:
        edges = _candidates(triangles, groups)
        chosen = _independent(points, quadrics, triangles, edges, len(triangles) - count)
        moved = _collapse(points, triangles, chosen)
        if len(moved) == len(triangles):
            break
        np.add.at(quadrics, chosen[:, 1], quadrics[chosen[:, 0]])
        triangles = moved.astype(np.int32)
    return triangles


def _quadrics(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 4, 4) sums of squared distances to the planes of each vertex's triangles."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    normals = cross(b - a, c - a)
    planes = np.concatenate([normals, -(normals * a).sum(axis=1, keepdims=True)], axis=1)
    planes /= np.sqrt(np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
    total, outer = np.zeros((len(points), 4, 4)), planes[:, :, None] * planes[:, None]
    for corner in range(3):
        np.add.at(total, triangles[:, corner], outer)
    return total


def _candidates(triangles: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Directed edges (E, 2) along which the first vertex may move into the second."""
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges, seen = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    border = np.zeros(len(groups), bool)
    border[edges[seen == 1]] = True
    border[edges[groups[edges[:, 0]] != groups[edges[:, 1]]]] = True
    both = np.concatenate([edges, edges[:, ::-1]])
    return both[~border[both[:, 0]]]


def _independent(points, quadrics, triangles, edges, surplus: int) -> np.ndarray:
    """Cheapest edges (K, 2) whose surroundings do not meet."""
    ring: dict[int, set[int]] = {}
    for a, b, c in triangles.tolist():
        ring.setdefault(a, set()).update((b, c))
        ring.setdefault(b, set()).update((a, c))
        ring.setdefault(c, set()).update((a, b))
    order = np.argsort(_costs(points, quadrics, edges))[: max(1, int(ROUND_SHARE * len(edges)))]
    chosen, touched = [], set()
    for first, second in edges[order].tolist():
        # A manifold stays one only if the two share exactly two neighbours.
        if first in touched or second in touched or len(ring[first] & ring[second]) != 2:
            continue
        chosen.append((first, second))
        touched |= ring[first] | {first, second}
        if 2 * len(chosen) >= surplus:
            break
    return np.array(chosen, int).reshape(-1, 2)


def _costs(points, quadrics, edges) -> np.ndarray:
    total = np.zeros(len(edges))
    joined = quadrics[edges[:, 0]] + quadrics[edges[:, 1]]
    for pose in points:
        goal = np.concatenate([pose[edges[:, 1]], np.ones((len(edges), 1))], axis=1)
        length = ((pose[edges[:, 0]] - pose[edges[:, 1]]) ** 2).sum(axis=1)
        total += np.einsum("ei,eij,ej->e", goal, joined, goal) + REGULARITY * length**2
    return total


def _collapse(points, triangles, chosen) -> np.ndarray:
    """Triangles after the collapses that turn none of them over, in any pose."""
    goal = np.arange(points.shape[1])
    goal[chosen[:, 0]] = chosen[:, 1]
    moved = goal[triangles]
    alive = (moved[:, 0] != moved[:, 1]) & (moved[:, 1] != moved[:, 2]) & (moved[:, 2] != moved[:, 0])
    turned = np.zeros(len(triangles), bool)
    for pose in points:
        before, after = (_normals(pose, corners) for corners in (triangles, moved))
        turned |= alive & ((before * after).sum(axis=1) < SMALLEST_COSINE)
    goal[triangles[turned]] = triangles[turned]
    moved = goal[triangles]
    alive = (moved[:, 0] != moved[:, 1]) & (moved[:, 1] != moved[:, 2]) & (moved[:, 2] != moved[:, 0])
    return moved[alive]


def _normals(points, triangles) -> np.ndarray:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return normalized(cross(b - a, c - a))
