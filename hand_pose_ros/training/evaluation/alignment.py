"""Procrustes alignment: what is left of a 3D error when position, rotation and size are forgiven."""

from __future__ import annotations

import numpy as np


def procrustes_align(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity transform of ``points`` (N, 3) nearest to ``target`` (N, 3) in least squares (Umeyama 1991).

    A proper rotation: a mirrored hand is not aligned onto its mirror image.
    """
    points_mean, target_mean = points.mean(axis=0), target.mean(axis=0)
    centred, centred_target = points - points_mean, target - target_mean
    left, singular, right = np.linalg.svd(centred_target.T @ centred)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(signs) @ right
    spread = (centred**2).sum()
    scale = (singular * signs).sum() / spread if spread > 0 else 1.0
    return scale * centred @ rotation.T + target_mean
