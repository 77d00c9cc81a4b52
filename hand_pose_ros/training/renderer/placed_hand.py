"""Posed hands at their places before cameras, as the painter draws them, and the layers that come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.training.poses.capsules import capsule_ends, capsule_radii
from hand_pose_ros.training.poses.skeleton import BONE, PosedHand
from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Sleeve, Thing
from hand_pose_ros.training.renderer.row_block import BONES, CAPSULES

HAND_STEP = 32
TRUNK_BONE = 24
"""Number of the trunk among the bones of a hand's mesh."""


@dataclass(frozen=True)
class PlacedHand:
    """Skinning matrices into the camera frame, and what the surface looks like."""

    mesh_id: int
    """Number that ``Painter.upload`` gave for the shape."""
    matrices: np.ndarray
    """(26, 3, 4) rest hand frame to camera frame; determinant negative for left hands."""
    capsules: np.ndarray
    """(24, 2, 4) ends in the camera frame and radius, metres; radius 0 for unused ones."""
    appearance: Appearance
    mirrored: bool


@dataclass(frozen=True)
class PlacedBody:
    """Pieces of a person beside their arms."""

    mesh_id: int
    """Number that ``Painter.upload_body`` gave."""
    matrices: np.ndarray
    """(5, 3, 4) body coordinates to camera frame, bones as in ``body_template``."""
    skin: Appearance
    cloths: Mapping[str, Sleeve | None]
    """Pieces that are drawn (``body_template.PIECES``) and their cloth, None for skin."""
    mirrored: bool


@dataclass(frozen=True)
class Picture:
    """What one camera sees: hands (up to 6), things, bodies, under some light."""

    hands: Sequence[PlacedHand]
    camera_matrix: np.ndarray
    """(3, 3) K without skew."""
    lights: Lights
    things: Sequence[Thing] = ()
    bodies: Sequence[PlacedBody] = ()


@dataclass(frozen=True)
class Layers:
    """What was drawn of N pictures, top row first."""

    colour: np.ndarray
    """(N, H, W, 4) uint8 RGB, already weighted by coverage (black where no hand is), and coverage."""
    depth_m: np.ndarray
    """(N, H, W) float32 metres along z, 0 where nothing is."""
    segments: np.ndarray
    """(N, H, W) uint8 mask values (``surface_coordinates``), plus HAND_STEP per hand number; sleeves are 18, things 19,
    persons 20 skin, 21 eyes, 22 clothes, 23 hair."""


def bone_matrices(posed: PosedHand, rotations: np.ndarray, translations: np.ndarray) -> np.ndarray:
    """(N, 26, 3, 4) motions of N hands: ``posed``, then ``rotations`` (N, 3, 3) (mirrored for left hands) and
    ``translations`` (N, 3) into the camera frame. Bones beyond the hand's 24 move as the upper arm does."""
    turn = rotations[:, None] @ posed.rotations
    place = np.einsum("nij,nbj->nbi", rotations, posed.heads) + translations[:, None]
    matrices = np.empty((*turn.shape[:1], BONES, 3, 4))
    count = turn.shape[1]
    matrices[:, :count, :, :3] = turn
    matrices[:, :count, :, 3] = place - np.einsum("nbij,nbj->nbi", turn, posed.rest_heads)
    matrices[:, count:] = matrices[:, BONE["arm_upper"], None]
    return matrices


def placed_capsules(posed: PosedHand, rotations: np.ndarray, translations: np.ndarray) -> np.ndarray:
    """(N, 24, 2, 4) capsules of N hands in the camera frame; arguments as for ``bone_matrices``."""
    ends = np.einsum("nij,nkej->nkei", rotations, capsule_ends(posed)) + translations[:, None, None]
    capsules = np.zeros((len(ends), CAPSULES, 2, 4))
    capsules[:, : ends.shape[1], :, :3], capsules[:, : ends.shape[1], :, 3] = ends, capsule_radii(posed)
    return capsules


def nearest_capsules(hands: Sequence[PlacedHand], hand: PlacedHand) -> np.ndarray:
    """The 24 capsules (24, 2, 4) of all hands that lie nearest to one hand's middle: its own, then the others'."""
    if len(hands) == 1:
        return hand.capsules
    capsules = np.concatenate([other.capsules for other in hands])
    used = hand.capsules[:, 0, 3] > 0
    centre = hand.capsules[used][..., :3].mean(axis=(0, 1))
    distance = np.linalg.norm(capsules[:, 0, :3] - centre, axis=1)
    return capsules[np.argsort(np.where(capsules[:, 0, 3] > 0, distance, np.inf))][:CAPSULES]
