"""The errors of a real image model as a distribution, learnt from ``TeacherPairs``.

Given a hand and its view, what would the model say?

In the true virtual view, the model's keypoint errors (42, in extents) and the errors of its 3D guess (63, normalised)
are a linear function of the view (keypoints and relative depths) plus a normal rest whose full covariance keeps what
errs together (a finger, a tilt of the palm). A mixture of two sizes of the rest gives the heavy tail. Ridge regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.lifting.teacher_pairs import TeacherPairs

RIDGE = 30.0
OUTPUTS = 42 + 63


@dataclass(frozen=True)
class TeacherNoise:
    """Parameters of the distribution, torch float32."""

    weights: torch.Tensor
    """(F, 105)"""
    factor: torch.Tensor
    """(105, 105) lower Cholesky factor of the calm hands' covariance."""
    wild_factor: torch.Tensor
    """(105, 105) of the rest."""
    wild_share: float

    def sample(self, plane: torch.Tensor, depth: torch.Tensor, guess: torch.Tensor, generator: torch.Generator):
        """The model's keypoints (N, 21, 2) and guess (N, 21, 3) for true virtual views.

        ``plane`` (N, 21, 2) true keypoints in extents; ``depth`` (N, 21) true depths about the middle MCP, hand scales;
        ``guess`` (N, 21, 3) the normalised truth.
        """
        count = len(plane)
        rest = torch.randn(count, OUTPUTS, generator=generator)
        wild = torch.rand(count, 1, generator=generator) < self.wild_share
        errors = torch.where(wild, rest @ self.wild_factor.T, rest @ self.factor.T)
        errors = errors + features(plane, depth) @ self.weights
        return plane + errors[:, :42].reshape(-1, 21, 2), guess + errors[:, 42:].reshape(-1, 21, 3)

    def save(self, path: Path):
        """Write as .npz, half precision."""
        tensors = {
            name: getattr(self, name).numpy().astype(np.float16) for name in ("weights", "factor", "wild_factor")
        }
        np.savez_compressed(path, wild_share=self.wild_share, **tensors)

    @classmethod
    def load(cls, path: Path) -> TeacherNoise:
        """Read what ``save`` wrote."""
        with np.load(path) as stored:
            names = ("weights", "factor", "wild_factor")
            tensors = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in names}
            return cls(**tensors, wild_share=float(stored["wild_share"]))


def features(plane: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """(N, F): one, keypoints, depths, and whether each finger's joints bend towards or away from the viewer."""
    bend = torch.relu(depth)
    return torch.cat([torch.ones_like(depth[:, :1]), plane.flatten(1), depth, bend], dim=1)


def fit(views: dict[str, torch.Tensor], wild_share: float = 0.15) -> TeacherNoise:
    """Fit to true and said views as ``true_views`` gives them."""
    inputs = features(views["plane"], views["depth"])
    targets = torch.cat(
        [(views["said_plane"] - views["plane"]).flatten(1), (views["said_guess"] - views["guess"]).flatten(1)], dim=1
    )
    keep = torch.ones(len(inputs), dtype=torch.bool)
    for _ in range(3):  # leave the wildest out of the fit of the mean
        weights = _ridge(inputs[keep], targets[keep])
        rest = targets - inputs @ weights
        size = rest[:, :42].pow(2).mean(dim=1)
        keep = size <= torch.quantile(size, 1.0 - wild_share)
    return TeacherNoise(weights, _factor(rest[keep]), _factor(rest[~keep]), wild_share)


def _ridge(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    penalty = RIDGE * torch.eye(inputs.shape[1])
    penalty[0, 0] = 0.0
    return torch.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ targets)


def _factor(rest: torch.Tensor) -> torch.Tensor:
    covariance = rest.T @ rest / len(rest)
    return torch.linalg.cholesky(covariance + 1e-5 * torch.eye(OUTPUTS))


def true_views(pairs: TeacherPairs) -> dict[str, torch.Tensor]:
    """The pairs in the virtual view of the TRUE keypoints, left hands mirrored; those given the wrong side left out."""
    from hand_pose_ros.training.lifting.views import normalized_guess, spread, view_axes

    right_side = pairs.left == pairs.said_left
    mirror = np.where(pairs.left, -1.0, 1.0)[right_side]
    joints = _mirrored(pairs.joints_m[right_side], mirror)
    guess = _mirrored(pairs.guess[right_side], mirror)
    fx, fy, cx, cy = pairs.intrinsics[right_side].T[:, :, None]
    pixels = pairs.keypoints_px[right_side]
    said = np.stack([(pixels[..., 0] - cx) / fx * mirror[:, None], (pixels[..., 1] - cy) / fy], axis=-1)
    joints, guess, said = (torch.from_numpy(array).float() for array in (joints, guess, said))
    true = joints[..., :2] / joints[..., 2:]
    axes = view_axes(true)
    plane, said_plane = _turn(true, axes), _turn(said, axes)
    extent = spread(plane)[:, None, None]
    truth = (joints - joints[:, 9:10]) @ axes
    scale = truth[:, 0].norm(dim=1)[:, None, None]
    return {
        "plane": plane / extent,
        "said_plane": said_plane / extent,
        "extent": extent[:, 0, 0],
        "depth": truth[..., 2] / scale[..., 0],
        "guess": normalized_guess(truth),
        "said_guess": normalized_guess(guess @ axes),
        "joints": truth / scale,
        "root": ((joints[:, 9:10] @ axes) / scale)[:, 0],
    }


def _mirrored(points: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    return points * np.stack([mirror, np.ones_like(mirror), np.ones_like(mirror)], axis=1)[:, None]


def _turn(plane: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    rays = torch.cat([plane, torch.ones_like(plane[..., :1])], dim=2) @ axes
    return rays[..., :2] / rays[..., 2:].clamp_min(0.05)
