"""``GestureTask``: which of the pose prior's named poses a hand is making, from its joints alone.

Zimmermann & Brox 2017, section 6.4, and supplement, section D. Their 35 signs (RWTH German fingerspelling) are not free
to use; the named poses of ``training/poses`` stand in for them, with as many outputs as there are poses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hand_pose_ros.training.canonical_frame import relative, to_canonical
from hand_pose_ros.training.lifting.skeletons import normalized_skeletons
from hand_pose_ros.training.poses.named import POSES
from hand_pose_ros.training.poses.rotations import random_rotations
from hand_pose_ros.training.poses.settling import touch
from hand_pose_ros.training.poses.standard_hand import standard_hand
from hand_pose_ros.training.trainer.task import Task

PROPORTIONS = 0.06
NOISE_DEGREES = 5.0


@dataclass
class SignBatch:
    """Hands with the numbers of the poses that they make."""

    joints: torch.Tensor
    """(N, 21, 3) from the wrist, in lengths of the index finger's first bone (``canonical_frame.relative``)."""
    sign: torch.Tensor
    """(N,) int64."""

    def to(self, device: str | torch.device) -> SignBatch:
        """The batch on ``device``."""
        return SignBatch(self.joints.to(device), self.sign.to(device))


class GestureTask(Task):
    """``GestureTask(GestureNet(signs=...), noise=..., canonical=...)``.

    ``noise``: deviation of the joints, in bone lengths, as a lifting network errs. ``canonical``: hands are shown in
    the canonical frame, so that the view does not matter; else turned at random.
    """

    best = "-accuracy"

    def __init__(self, network: nn.Module, noise: float = 0.1, canonical: bool = True):
        super().__init__(network)
        self._noise, self._canonical = noise, canonical

    def loss(self, network: Callable, batch: SignBatch, step: int) -> dict[str, torch.Tensor]:
        """Cross-entropy of the signs."""
        return {"loss": functional.cross_entropy(network(batch.joints), batch.sign)}

    def validate(self, network: nn.Module, batches: Sequence[SignBatch]) -> dict[str, float]:
        """``accuracy``: share of the signs that are said right."""
        right = [(network(batch.joints).argmax(1) == batch.sign).float() for batch in batches]
        return {"accuracy": float(torch.cat(right).mean())}

    def source(self, settings: dict, seed: int, stores: Any) -> SignSource:
        """Named poses; the configuration's ``sources`` are not looked at."""
        return SignSource(seed, self._noise, self._canonical)

    def prepare(self, batch: SignBatch, augment: bool, generator: torch.Generator) -> SignBatch:
        """As it is: noise and views are the source's."""
        return batch


@cache
def named_angles() -> np.ndarray:
    """Angles (46, 28) of the named poses, their contacts solved on the standard hand."""
    rows = []
    for named in POSES.values():
        start = named.angles[None]
        rows.append(touch(standard_hand(), start, named.contacts, named.moves) if named.contacts else start)
    return np.concatenate(rows)


class SignSource:
    """Hands of random proportions, right and left, that make named poses with noise, seen from anywhere."""

    def __init__(self, seed: int, noise: float, canonical: bool):
        self._random, self._noise, self._canonical = np.random.default_rng(seed), noise, canonical
        self.names, self._angles = tuple(POSES), named_angles()

    def batch(self, count: int) -> SignBatch:
        """``count`` hands."""
        sign = self._random.integers(len(self.names), size=count)
        angles = self._angles[sign]
        angles = angles + np.radians(NOISE_DEGREES) * self._random.normal(size=angles.shape)
        right = torch.from_numpy(self._random.integers(0, 2, count).astype(np.float32))
        joints = torch.from_numpy(normalized_skeletons(self._random, angles, PROPORTIONS))
        joints = torch.where(right[:, None, None] > 0.5, joints, joints * torch.tensor([-1.0, 1.0, 1.0]))
        turns = torch.from_numpy(random_rotations(self._random, count).astype(np.float32))
        joints = relative(joints @ turns)
        joints = joints + self._noise * torch.from_numpy(self._random.normal(size=joints.shape).astype(np.float32))
        joints = to_canonical(joints - joints[:, :1], right)[0] if self._canonical else joints
        return SignBatch(joints, torch.from_numpy(sign))

    def skip(self, count: int) -> None:
        """Pass over a batch of ``count``, as a continued training does."""
        self.batch(count)
