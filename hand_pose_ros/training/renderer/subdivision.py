"""Catmull-Clark subdivision of a quad mesh as a sparse matrix: every shape and skin weight refines the same way.

Catmull and Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", 1978. Borders are kept by
the cubic B-spline curve rule.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse


def edges_of(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique edges (E, 2) of quads (F, 4) and each side's edge number (F, 4), side i from corner i to i + 1."""
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1)
    edges, inverse = np.unique(np.sort(sides.reshape(-1, 2), axis=1), axis=0, return_inverse=True)
    return edges, inverse.reshape(faces.shape)


def _averages(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)
    return sparse.diags(1.0 / np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1)) @ matrix


def split_faces(faces: np.ndarray, vertex_count: int) -> np.ndarray:
    """Four quads per quad (4F, 4); new vertices are numbered old vertices, edges, faces."""
    edges, side = edges_of(faces)
    edge_ids = vertex_count + side
    centre = np.broadcast_to((vertex_count + len(edges) + np.arange(len(faces)))[:, None], faces.shape)
    return np.stack([faces, edge_ids, centre, np.roll(edge_ids, 1, axis=1)], axis=-1).reshape(-1, 4)


def linear_matrix(faces: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    """Old vertices to new vertices by midpoints and centres only: for texture coordinates."""
    edges, _ = edges_of(faces)
    edge_points = _averages(np.repeat(np.arange(len(edges)), 2), edges.ravel(), (len(edges), vertex_count))
    face_points = _averages(np.repeat(np.arange(len(faces)), 4), faces.ravel(), (len(faces), vertex_count))
    return sparse.vstack([sparse.identity(vertex_count), edge_points, face_points]).tocsr()


def smooth_matrix(faces: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    """Old vertices to new vertices by the Catmull-Clark rules."""
    edges, side = edges_of(faces)
    face_points = _averages(np.repeat(np.arange(len(faces)), 4), faces.ravel(), (len(faces), vertex_count))
    mid_points = _averages(np.repeat(np.arange(len(edges)), 2), edges.ravel(), (len(edges), vertex_count))
    side_faces = np.repeat(np.arange(len(faces)), 4)
    border = np.bincount(side.ravel(), minlength=len(edges)) == 1
    neighbours = _averages(side.ravel(), side_faces, (len(edges), len(faces))) @ face_points
    inner = sparse.diags((~border).astype(float))
    edge_points = inner @ (0.5 * mid_points + 0.5 * neighbours) + sparse.diags(border.astype(float)) @ mid_points

    valence = np.bincount(edges.ravel(), minlength=vertex_count).astype(float)
    around = _averages(faces.ravel(), side_faces, (vertex_count, len(faces))) @ face_points
    ends = _averages(edges.ravel(), np.repeat(np.arange(len(edges)), 2), (vertex_count, len(edges))) @ mid_points
    inverse = sparse.diags(1.0 / np.maximum(valence, 1))
    keep = sparse.diags((valence - 3.0) / np.maximum(valence, 1))
    inside = inverse @ around + 2.0 * inverse @ ends + keep
    rim_edges = edges[border]
    on_rim = np.zeros(vertex_count, bool)
    on_rim[rim_edges.ravel()] = True
    rim_mids = (
        _averages(rim_edges.ravel(), np.repeat(np.flatnonzero(border), 2), (vertex_count, len(edges))) @ mid_points
    )
    rim = 0.5 * rim_mids + 0.5 * sparse.identity(vertex_count)
    vertex_points = sparse.diags((~on_rim).astype(float)) @ inside + sparse.diags(on_rim.astype(float)) @ rim
    return sparse.vstack([vertex_points, edge_points, face_points]).tocsr()
