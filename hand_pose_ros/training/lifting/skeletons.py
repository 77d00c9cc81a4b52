"""Skeletons without end: poses of the pose prior on hands of many proportions, normalised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import RestHand, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand


def bank_of_angles(count: int, seed: int, path: Path | None = None, chunk: int = 5000) -> np.ndarray:
    """(count, 28) joint angles of the pose prior, float32; kept in the file ``path`` for the next time."""
    if path is not None and path.exists():
        stored = np.load(path)
        if len(stored) >= count:
            return stored[:count]
    prior = PosePrior(np.random.default_rng(seed))
    parts = [prior.sample(min(chunk, count - start)) for start in range(0, count, chunk)]
    angles = np.concatenate(parts).astype(np.float32)
    if path is not None:
        np.save(path, angles)
    return angles


def random_rest_hands(generator: np.random.Generator, count: int, deviation: float = 0.06) -> RestHand:
    """Hands of ``count`` different proportions around the standard hand.

    Length and width of the palm, and length of each finger (with a common part) and of each of its bones, vary by
    ``deviation``. Where the wrist lies differs most between people's and datasets' definitions: it varies the most.
    """
    hand = standard_hand(count)
    joints, metacarpals = np.array(hand.joints), np.array(hand.metacarpals)
    palm = 1.0 + deviation * generator.normal(size=(count, 1, 3)) * (1.0, 1.0, 0.5)
    fingers = _finger_vectors(joints)
    common = deviation * generator.normal(size=(count, 1, 1, 1))
    single = 0.5 * deviation * generator.normal(size=(count, 5, 1, 1))
    bones = 0.6 * deviation * generator.normal(size=(count, 5, 3, 1))
    fingers *= 1.0 + common + single + bones
    joints *= palm
    joints[:, 1::4] += 0.02 * 0.1 * generator.normal(size=(count, 5, 3))
    for finger in range(5):
        base = 1 + 4 * finger
        joints[:, base + 1 : base + 4] = joints[:, base : base + 1] + np.cumsum(fingers[:, finger], axis=1)
    return replace(hand, joints=joints, metacarpals=metacarpals * palm)


def _finger_vectors(joints: np.ndarray) -> np.ndarray:
    """(N, 5, 3, 3) the three bones of each finger."""
    return np.stack([np.diff(joints[:, 1 + 4 * f : 5 + 4 * f], axis=1) for f in range(5)], axis=1)


def normalized_skeletons(generator: np.random.Generator, angles: np.ndarray, deviation: float = 0.06) -> np.ndarray:
    """(N, 21, 3) float32 right hands of random proportions in the given poses, middle MCP at the origin, scale 1."""
    jitter = np.radians(3.0) * generator.normal(size=angles.shape)
    posed = pose(random_rest_hands(generator, len(angles), deviation), angles + jitter).joints
    posed[:, WRIST] += 0.04 * 0.1 * generator.normal(size=(len(angles), 3))
    posed = posed - posed[:, MIDDLE_MCP : MIDDLE_MCP + 1]
    return (posed / np.linalg.norm(posed[:, WRIST], axis=1)[:, None, None]).astype(np.float32)
