"""What a camera and a keypoint detector make of a skeleton: viewpoint, perspective, noise, outliers, a 3D guess."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from hand_pose_ros.hand import MIDDLE_MCP
from hand_pose_ros.lifting import LARGEST_SCORE, SMALLEST_SCORE
from hand_pose_ros.training.lifting.rotations import random_rotations, small_rotations
from hand_pose_ros.training.lifting.teacher_noise import TeacherNoise
from hand_pose_ros.training.lifting.virtual_axes import normalized_guess, spread, view_axes

LEAST_SURE, SUREST = -1.12, 1.88
"""Limits of scores' ``confidence``: logits of -4.5 and 7.5."""


@dataclass(frozen=True)
class Batch:
    """Training examples, torch float32."""

    inputs: torch.Tensor
    """(N, 128) as in ``networks.lifter.KeypointLifter``."""
    joints: torch.Tensor
    """(N, 21, 3) truth in the axes of the noisy virtual view, middle MCP at the origin, lengths in hand scales."""
    keypoints: torch.Tensor
    """(N, 21, 2) truth in the input's units: where the joints are seen."""
    distance: torch.Tensor
    """(N,) truth: from the camera to the middle MCP, hand scales."""

    def to(self, device: str) -> Batch:
        """The batch on ``device``."""
        return Batch(*(getattr(self, item.name).to(device) for item in fields(self)))

    @classmethod
    def joined(cls, batches: list[Batch]) -> Batch:
        """Batches one after the other."""
        return cls(*(torch.cat([getattr(batch, item.name) for batch in batches]) for item in fields(cls)))


@dataclass(frozen=True)
class Noise:
    """Deviations of a detector's keypoints, in extents of the hand (root mean square radius, about 0.4 box sides)."""

    keypoint: float = 0.05
    finger: float = 0.05
    """Along with all keypoints of one finger, growing from base to tip."""
    outlier_share: float = 0.03
    outlier: float = 0.35
    guess_rotation: float = 0.17
    """Radians per axis by which the image network's 3D guess is turned as a whole."""
    guess_bone: float = 0.12
    guess_joint: float = 0.08
    guess_share: float = 0.6
    teacher_share: float = 0.7
    """Of the examples, where a teacher's noise is given."""
    photograph_share: float = 0.6
    """Of those, how many have the score of a hand in a photograph; the others that of a rendered hand."""


def examples(
    skeletons: torch.Tensor, noise: Noise, generator: torch.Generator, teacher: TeacherNoise | None = None
) -> Batch:
    """See each of ``skeletons`` (N, 21, 3) from a random side and distance, with a detector's noise.

    With ``teacher`` the hands of ``noise.teacher_share`` get a real model's errors, learnt from its residuals, instead.
    """
    count = len(skeletons)
    joints = skeletons @ random_rotations(count, generator).transpose(1, 2)
    middle = joints.mean(dim=1, keepdim=True)
    # 0.2 to 2.5 m over a hand scale of 0.1 m, even in the logarithm; a hand's depth never reaches the camera.
    distance = torch.exp(torch.empty(count).uniform_(0.9, 3.2, generator=generator))
    in_camera = joints - middle
    in_camera[..., 2] += distance[:, None]
    plane = in_camera[..., :2] / in_camera[..., 2:]
    seen, scores = _detected(plane, noise, generator)
    guess = _guesses(in_camera, noise, generator)
    given = torch.rand(count, 1, generator=generator) < noise.guess_share
    if teacher is not None:
        split = int(noise.teacher_share * count)
        sure, easier = _scores(split, noise, teacher.usual, generator)
        errs_like = sure + easier
        seen[:split], guess[:split] = _as_teacher(in_camera[:split], plane[:split], teacher, errs_like, generator)
        scores[:split], given[:split] = sure[:, None], True
    return virtual(in_camera, seen, scores, guess, given.float())


def _scores(count: int, noise: Noise, usual: torch.Tensor, generator: torch.Generator):
    """(count,) ``confidence`` of the teacher's scores, and how much surer than that it may be (``usual``)."""
    real = torch.rand(count, generator=generator) < noise.photograph_share
    mean, deviation, easier = usual[(~real).long()].T
    return (mean + deviation * torch.randn(count, generator=generator)).clamp(LEAST_SURE, SUREST), easier


def _as_teacher(in_camera, plane, teacher, sure, generator):
    """Keypoints on the plane z = 1 and a guess in camera axes with the teacher's errors."""
    axes = view_axes(plane)
    turned, truth = in_camera @ axes, (in_camera - in_camera[:, MIDDLE_MCP : MIDDLE_MCP + 1]) @ axes
    view = turned[..., :2] / turned[..., 2:]
    extent = spread(view)[:, None, None]
    said, guess = teacher.sample(view / extent, truth[..., 2], normalized_guess(truth), sure, generator)
    rays = torch.cat([said * extent, torch.ones_like(said[..., :1])], dim=2) @ axes.transpose(1, 2)
    return rays[..., :2] / rays[..., 2:].clamp_min(0.05), guess @ axes.transpose(1, 2)


def _detected(plane: torch.Tensor, noise: Noise, generator: torch.Generator):
    """Keypoints as a detector gives them, with scores that partly tell how wrong they are."""
    count = len(plane)
    extent = spread(plane)[:, None, None]
    level = torch.exp(0.6 * torch.randn(count, 1, 1, generator=generator))
    error = noise.keypoint * torch.randn(plane.shape, generator=generator)
    sway = noise.finger * torch.randn(count, 5, 1, 2, generator=generator) * torch.tensor([0.3, 0.6, 0.8, 1.0])[:, None]
    error[:, 1:] += sway.reshape(count, 20, 2)
    error = error * level
    wild = torch.rand(count, 21, 1, generator=generator) < noise.outlier_share
    error = error + wild * noise.outlier * torch.randn(plane.shape, generator=generator)
    scores = torch.exp(-error.norm(dim=2) * torch.exp(0.7 * torch.randn(count, 21, generator=generator)))
    told = torch.rand(count, 1, generator=generator) < 0.5
    scores = torch.where(told, scores, torch.rand(count, 1, generator=generator)).clamp(SMALLEST_SCORE, LARGEST_SCORE)
    return plane + extent * error, torch.logit(scores) / 4.0


def _guesses(joints: torch.Tensor, noise: Noise, generator: torch.Generator) -> torch.Tensor:
    """The 3D guess (N, 21, 3) of an image network: turned, with bones of wrong lengths, blurred."""
    count = len(joints)
    parents = torch.tensor([0] + [0 if child % 4 == 1 else child - 1 for child in range(1, 21)])
    bones = (joints - joints[:, parents]) * (1 + noise.guess_bone * torch.randn(count, 21, 1, generator=generator))
    bones = bones + noise.guess_joint * torch.randn(bones.shape, generator=generator) * 0.6
    rebuilt = torch.zeros_like(joints)
    for child in range(1, 21):
        rebuilt[:, child] = rebuilt[:, parents[child]] + bones[:, child]
    return rebuilt @ small_rotations(count, noise.guess_rotation, generator).transpose(1, 2)


def virtual(in_camera, seen, scores, guess, given) -> Batch:
    """Turn everything into the virtual view that ``lifting.virtual_view`` would make of the noisy keypoints.

    True joints (N, 21, 3) in hand scales and camera axes, keypoints (N, 21, 2) on the plane z = 1, ``confidence`` of
    their scores (N, 21), guess (N, 21, 3) in camera axes, 1 where it is given (N, 1).
    """
    axes = view_axes(seen)
    rays = torch.nn.functional.normalize(torch.cat([seen, torch.ones_like(seen[..., :1])], dim=2), dim=2) @ axes
    plane = rays[..., :2] / rays[..., 2:].clamp_min(0.05)
    extent = spread(plane).clamp_min(1e-6)
    truth, guess = in_camera @ axes, guess @ axes
    guess = normalized_guess(guess)
    parts = (
        (plane / extent[:, None, None]).flatten(1), scores, extent.log()[:, None], guess.flatten(1) * given, given,
    )  # fmt: skip
    seen_truth = truth[..., :2] / truth[..., 2:].clamp_min(0.1) / extent[:, None, None]
    root = truth[:, MIDDLE_MCP : MIDDLE_MCP + 1]
    return Batch(torch.cat(parts, dim=1), truth - root, seen_truth, root.norm(dim=2)[:, 0])
