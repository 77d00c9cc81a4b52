"""The errors of a real image model as a distribution, learnt from ``TeacherPairs``.

Given a hand and its view, what would the model say?

In the true virtual view, the model's keypoint errors (42, in extents) and the errors of its 3D guess (63, normalised)
are a linear function of the view (keypoints and relative depths) plus a normal rest whose full covariance keeps what
errs together (a finger, a tilt of the palm). The size of the rest falls with the hand's score (MediaPipe's presence).
So does a part of the linear function: unsure, a network says mean hands, too small ones; what is left of sure ones is
where it puts knuckles and tips. Of rendered hands it is less sure than of photographs. Around what the score says,
sizes are log-normal, which gives the heavy tail. Ridge regression, surer hands weighing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.lifting.right_hands import as_right_hands
from hand_pose_ros.training.lifting.teacher_pairs import TeacherPairs
from hand_pose_ros.training.lifting.virtual_axes import normalized_guess, spread, view_axes

RIDGE = 30.0
SIZES = 7.0  # errors of 0.14 extents are usual: makes both halves of the features alike in size
OUTPUTS = 42 + 63
KEPT = 0.85
NAMES = ("weights", "factor", "level", "usual")


@dataclass(frozen=True)
class TeacherNoise:
    """Parameters of the distribution, torch float32."""

    weights: torch.Tensor
    """(F, 105)"""
    factor: torch.Tensor
    """(105, 105) lower Cholesky factor of the covariance of rests whose keypoints' root mean square is 1."""
    level: torch.Tensor
    """(3,) the logarithm of the rest's size: constant, slope over ``confidence`` of the score, deviation."""
    usual: torch.Tensor
    """(2, 3) photographed and rendered hands: mean and deviation of the ``confidence`` of their scores, and by how much
    surer than they say they are: photographs can be easier than renders of the same score."""

    def sample(
        self, plane: torch.Tensor, depth: torch.Tensor, guess: torch.Tensor, sure: torch.Tensor, generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The model's keypoints (N, 21, 2) and guess (N, 21, 3) for true virtual views.

        ``plane`` (N, 21, 2) true keypoints in extents; ``depth`` (N, 21) true depths about the middle MCP, hand scales;
        ``guess`` (N, 21, 3) the normalised truth; ``sure`` (N,) ``confidence`` of the scores.
        """
        size = torch.exp(self.level[0] + self.level[1] * sure)[:, None]
        own = torch.exp(self.level[2] * torch.randn(len(plane), 1, generator=generator).clamp(-3.0, 3.0))
        rest = torch.randn(len(plane), OUTPUTS, generator=generator) @ self.factor.T
        errors = size * own * rest + features(plane, depth, size) @ self.weights
        return plane + errors[:, :42].reshape(-1, 21, 2), guess + errors[:, 42:].reshape(-1, 21, 3)

    def save(self, path: Path):
        """Write as .npz, half precision."""
        tensors = {name: getattr(self, name).numpy().astype(np.float16) for name in NAMES}
        np.savez_compressed(path, **tensors)

    @classmethod
    def load(cls, path: Path) -> TeacherNoise:
        """Read what ``save`` wrote; ValueError for another file, or one of before scores travelled with it."""
        with np.load(path) as stored:
            if missing := set(NAMES) - set(stored.files):
                raise ValueError(f"{path} has no {sorted(missing)}: make it with hand_pose_ros teacher_noise")
            return cls(**{name: torch.from_numpy(stored[name].astype(np.float32)) for name in NAMES})


def features(plane: torch.Tensor, depth: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """(N, F): one, keypoints, depths, and whether each finger's joints bend towards or away from the viewer.

    Then the same times ``size`` (N, 1), that of the errors.
    """
    bend = torch.relu(depth)
    view = torch.cat([torch.ones_like(depth[:, :1]), plane.flatten(1), depth, bend], dim=1)
    return torch.cat([view, SIZES * size * view], dim=1)


def fit(views: dict[str, torch.Tensor], photographs: torch.Tensor | None = None, easier: float = 0.0) -> TeacherNoise:
    """Fit to true and said views as ``true_views`` gives them.

    ``photographs`` (N,): ``confidence`` of photographed hands' scores, if known; ``easier`` as in ``usual``.
    """
    sure = views["sure"]
    targets = torch.cat(
        [(views["said_plane"] - views["plane"]).flatten(1), (views["said_guess"] - views["guess"]).flatten(1)], dim=1
    )
    keep, level = torch.ones(len(sure), dtype=torch.bool), torch.tensor([-1.4, -0.8])
    for _ in range(3):  # leave the wildest out of the fit of the mean
        size = torch.exp(level[0] + level[1] * sure)[:, None]
        inputs = features(views["plane"], views["depth"], size)
        weights = _ridge((inputs / size)[keep], (targets / size)[keep])
        rest = targets - inputs @ weights
        measured = rest[:, :42].pow(2).mean(dim=1).sqrt()
        level = _line(sure[keep], measured[keep].log())
        relative = (measured.log() - level[0] - level[1] * sure).exp()
        keep = relative <= torch.quantile(relative, KEPT)
    factor = _factor(rest / measured[:, None])
    real = sure if photographs is None else photographs
    usual = torch.tensor([[real.mean(), real.std(), easier], [sure.mean(), sure.std(), 0.0]])
    return TeacherNoise(weights, factor, torch.cat([level, _spread_beyond(factor, relative.log())]), usual)


def _spread_beyond(factor: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    """(1,) deviation of the logarithms of sizes beyond that which normal rests have by themselves."""
    rest = torch.randn(4096, OUTPUTS, generator=torch.Generator().manual_seed(0)) @ factor.T
    own = rest[:, :42].pow(2).mean(dim=1).sqrt().log()
    return (sizes.var() - own.var()).clamp_min(0.0).sqrt()[None]


def _line(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(2,) constant and slope of least squares."""
    return torch.linalg.lstsq(torch.stack([torch.ones_like(x), x], dim=1), y[:, None]).solution[:, 0]


def _ridge(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    # In units of the mean weight, so that the penalty keeps its meaning.
    unit = inputs[:, 0].pow(2).mean()
    penalty = RIDGE * torch.eye(inputs.shape[1])
    penalty[0, 0] = 0.0
    return torch.linalg.solve(inputs.T @ inputs / unit + penalty, inputs.T @ targets / unit)


def _factor(rest: torch.Tensor) -> torch.Tensor:
    covariance = rest.T @ rest / len(rest)
    return torch.linalg.cholesky(covariance + 1e-5 * covariance.diagonal().mean() * torch.eye(OUTPUTS))


def true_views(pairs: TeacherPairs) -> dict[str, torch.Tensor]:
    """The pairs in the virtual view of the TRUE keypoints, left hands mirrored; those given the wrong side left out."""
    joints, said, guess, sure = as_right_hands(pairs)
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
        "sure": sure,
    }


def _turn(plane: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    rays = torch.cat([plane, torch.ones_like(plane[..., :1])], dim=2) @ axes
    return rays[..., :2] / rays[..., 2:].clamp_min(0.05)
