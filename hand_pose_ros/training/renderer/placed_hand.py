"""A posed hand at its place before the camera, as the painter draws it, and the layers that come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.skeleton import PosedHand
from hand_pose_ros.training.renderer.appearance import Appearance

HAND_STEP = 32


@dataclass(frozen=True)
class PlacedHand:
    """Skinning matrices into the camera frame, and what the surface looks like."""

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
    """(H, W, 3) uint8 RGB, already weighted by coverage: black where no hand is."""
    alpha: np.ndarray
    """(H, W) float32 0..1 coverage."""
    depth_m: np.ndarray
    """(H, W) float32 metres along z, 0 where nothing is."""
    segments: np.ndarray
    """(H, W) uint8 mask values (``surface_coordinates``), plus HAND_STEP per hand number; sleeves are 18."""


def bone_matrices(posed: PosedHand, rotation: np.ndarray, translation: np.ndarray, mirrored: bool) -> np.ndarray:
    """(24, 4, 4) motions of hand 0 of ``posed``, then hand-to-camera ``rotation`` (3, 3), ``translation`` (3,)."""
    mirror = np.diag([1.0, -1.0 if mirrored else 1.0, 1.0])
    turn = rotation @ mirror @ posed.rotations[0]
    place = posed.heads[0] @ (rotation @ mirror).T + translation
    matrices = np.zeros((len(turn), 4, 4))
    matrices[:, :3, :3] = turn
    matrices[:, :3, 3] = place - np.einsum("bij,bj->bi", turn, posed.rest_heads[0])
    matrices[:, 3, 3] = 1.0
    return matrices
