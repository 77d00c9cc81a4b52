"""How well the pose prior covers real hands: the nearest draw to a teacher's 3D joints on photographs.

The photographs are a store that ``hand_pose_ros pseudo_label`` wrote. What the teacher gets wrong counts as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.rotations import cross, normalized
from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.poses.standard_hand import standard_hand

TRUSTED, CHUNK = 0.5, 5000
SCALE_MM = 95.0
"""Millimetres from wrist to middle MCP in which distances are told: an adult's."""


@dataclass(frozen=True)
class Coverage:
    """Millimetres after Procrustes alignment, mean over joints, for each hand."""

    real_mm: np.ndarray
    """From each photographed hand to the nearest draw."""
    own_mm: np.ndarray
    """From each of as many further draws to the nearest draw: what a hand that is surely covered has."""
    photographed_bones: np.ndarray
    """(15,) median lengths of the bones of thumb to little finger over the wrist-to-middle-MCP length, teacher's."""
    drawn_bones: np.ndarray
    """(15,) the standard hand's."""

    def __str__(self) -> str:
        rows = []
        for name, mm in (("photographs", self.real_mm), ("other draws", self.own_mm)):
            middle, most = np.percentile(mm, (50, 90))
            rows.append(f"{name:18} median {middle:5.1f} mm, 90th percentile {most:5.1f} mm, {len(mm)} hands")
        for name, bones in (("photographs' bones", self.photographed_bones), ("standard hand's", self.drawn_bones)):
            fingers = ["  ".join(f"{length:.2f}" for length in bones[3 * f : 3 * f + 3]) for f in range(5)]
            rows.append(f"{name:18} " + " | ".join(fingers))
        return "\n".join(rows)


def coverage(store: Path, draws: int = 20_000, most: int = 2000, seed: int = 0) -> Coverage:
    """Compare ``draws`` of the prior on the standard hand with up to ``most`` photographed hands."""
    real, prior = teacher_joints(store, most), PosePrior(np.random.default_rng(seed))
    sizes = [min(CHUNK, draws + len(real) - start) for start in range(0, draws + len(real), CHUNK)]
    drawn = in_palm(np.concatenate([pose(standard_hand(), prior.sample(size)).joints for size in sizes]))
    drawn, further = drawn[:draws], drawn[draws:]
    tree = cKDTree(_directions(drawn).reshape(len(drawn), -1))
    distances = []
    for hands in (real, further):
        _, nearest = tree.query(_directions(hands).reshape(len(hands), -1))
        distances.append(SCALE_MM * procrustes_distance(drawn[nearest], hands))
    return Coverage(*distances, np.median(_lengths(real), axis=0), _lengths(drawn[:1])[0])


def teacher_joints(store: Path, most: int) -> np.ndarray:
    """(N, 21, 3) trusted hands of a store as right hands in the palm's frame. ValueError if none is there."""
    from hand_pose_ros.training.sources.photographs import PhotographStore

    photographs = PhotographStore(store)
    batch = photographs.rows(np.linspace(0, len(photographs) - 1, min(most, len(photographs))).astype(int))
    trusted = ((batch.present > 0) & (batch.keypoint_weight.mean(dim=1) > TRUSTED)).numpy()
    if not trusted.any():
        raise ValueError(f"{store}: no photograph that the teacher trusts; make another store with pseudo_label")
    joints, left = batch.joints.numpy()[trusted].astype(float), batch.right.numpy()[trusted] < 0.5
    joints[left, :, 0] *= -1.0
    return in_palm(joints)


def in_palm(joints: np.ndarray) -> np.ndarray:
    """Joints (N, 21, 3) with the wrist at the origin, x to the middle MCP at distance 1, z out of the back."""
    way = joints[:, 9] - joints[:, 0]
    x = normalized(way)
    z = normalized(cross(x, joints[:, 5] - joints[:, 17]))
    axes = np.stack([x, cross(z, x), z], axis=1)
    local = np.einsum("nij,nkj->nki", axes, joints - joints[:, :1])
    return local / np.linalg.norm(way, axis=1)[:, None, None]


def _bones(joints: np.ndarray) -> np.ndarray:
    return np.stack([joints[:, 4 * f + k + 1] - joints[:, 4 * f + k] for f in range(5) for k in (1, 2, 3)], axis=1)


def _directions(joints: np.ndarray) -> np.ndarray:
    return normalized(_bones(joints))


def _lengths(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(_bones(joints), axis=2)


def procrustes_distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean joint distance (N,) of hands (N, 21, 3) after the best similarity of ``first`` onto ``second``."""
    a, b = (hands - hands.mean(axis=1, keepdims=True) for hands in (first, second))
    u, s, v = np.linalg.svd(np.swapaxes(a, 1, 2) @ b)
    s[:, 2] *= np.sign(np.linalg.det(u @ v))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ v))[:, None]
    scale = s.sum(axis=1) / (a**2).sum(axis=(1, 2))
    return np.linalg.norm(scale[:, None, None] * a @ (u @ v) - b, axis=2).mean(axis=1)
