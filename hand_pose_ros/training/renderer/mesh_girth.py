"""Measures on a hand's mesh how thick its fingers are (``poses.girth``), so that contacts close on this very hand."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hand_pose_ros.training.poses.girth import ALONG, AROUND
from hand_pose_ros.training.poses.skeleton import RestHand
from hand_pose_ros.training.renderer.surface_coordinates import surface_coordinates

# Widths of the averages along the bone (its length is 1) and around it (radians), and of those where no vertex is near.
NARROW, WIDE, WIDE_SHARE = (0.12, 0.3), (0.35, 1.2), 1e-3


class MeshGirth:
    """The vertices that each entry of the table is the average of; the same for every shape of a template."""

    def __init__(self, vertices: np.ndarray, weights: np.ndarray, hand: RestHand):
        where = surface_coordinates(vertices, weights, hand)
        self._own = np.flatnonzero((where.segment >= 2) & (where.segment <= 16))
        finger, along = (where.segment[self._own] - 2) // 3, where.along[self._own]
        angle = np.arctan2(where.around[self._own, 1], where.around[self._own, 0])
        self._bone = 3 * finger + np.clip(along.astype(int), 0, 2)
        phalanx, place, turn = np.meshgrid(np.arange(15), ALONG, AROUND, indexing="ij")
        offset = along - (phalanx.ravel() % 3 + place.ravel())[:, None]
        twist = np.angle(np.exp(1j * (angle - turn.ravel()[:, None])))
        near = sum(
            share * np.exp(-0.5 * ((offset / length) ** 2 + (twist / width) ** 2))
            for share, (length, width) in ((1.0, NARROW), (WIDE_SHARE, WIDE))
        ) * (finger == phalanx.ravel()[:, None] // 3)
        near[near < 1e-3 * near.max(axis=1, keepdims=True)] = 0.0
        self._average = sparse.csr_matrix(near / near.sum(axis=1, keepdims=True))

    def __call__(self, vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """The table (15, 5, 8) in metres of a hand at rest: ``vertices`` (V, 3), ``joints`` (21, 3)."""
        start = joints[1 + self._bone + self._bone // 3]
        way = joints[2 + self._bone + self._bone // 3] - start
        offset = vertices[self._own] - start
        share = (offset * way).sum(axis=1) / (way * way).sum(axis=1)
        distance = np.linalg.norm(offset - share[:, None] * way, axis=1)
        return (self._average @ distance).reshape(15, len(ALONG), len(AROUND))
