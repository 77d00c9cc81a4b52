"""What a camera and a keypoint detector make of a skeleton: viewpoint, perspective, noise, outliers, a 3D guess."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.training.lifting.teacher_noise import TeacherNoise


@dataclass(frozen=True)
class Batch:
    """Training examples, torch float32."""

    inputs: torch.Tensor
    """(N, 128) as in ``networks.lifter.KeypointLifter``."""
    joints: torch.Tensor
    """(N, 21, 3) truth in the axes of the noisy virtual view, middle MCP at the origin, lengths in hand scales."""
    keypoints: torch.Tensor
    """(N, 21, 2) truth in the input's units: where the joints are seen."""


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


def random_rotations(count: int, generator: torch.Generator) -> torch.Tensor:
    """(count, 3, 3) uniform rotations, from normal quaternions (Shoemake 1992)."""
    return quaternion_matrix(torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=1))


def quaternion_matrix(q: torch.Tensor) -> torch.Tensor:
    """Rotation matrices (N, 3, 3) of unit quaternions (N, 4) w, x, y, z."""
    w, x, y, z = q.unbind(1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, dim=1).reshape(-1, 3, 3)


def small_rotations(count: int, deviation: float, generator: torch.Generator) -> torch.Tensor:
    """(count, 3, 3) rotations about random axes, ``deviation`` radians per axis."""
    half = 0.5 * deviation * torch.randn(count, 3, generator=generator)
    return quaternion_matrix(torch.nn.functional.normalize(torch.cat([torch.ones(count, 1), half], dim=1), dim=1))


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
    if teacher is not None:
        split = int(noise.teacher_share * count)
        seen[:split], guess[:split] = _as_teacher(in_camera[:split], plane[:split], teacher, generator)
        scores[:split] = 1.0
    return _virtual(in_camera, seen, scores, guess, noise, generator)


def _as_teacher(in_camera, plane, teacher, generator):
    """Keypoints on the plane z = 1 and a guess in camera axes with the teacher's errors."""
    axes = view_axes(plane)
    turned, truth = in_camera @ axes, (in_camera - in_camera[:, MIDDLE_MCP : MIDDLE_MCP + 1]) @ axes
    view = turned[..., :2] / turned[..., 2:]
    extent = spread(view)[:, None, None]
    said, guess = teacher.sample(view / extent, truth[..., 2], normalized_guess(truth), generator)
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
    return plane + extent * error, torch.where(told, scores, torch.ones_like(scores))


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


def _virtual(in_camera, seen, scores, guess, noise, generator) -> Batch:
    """Turn everything into the virtual view that ``lifting.virtual_view`` would make of the noisy keypoints."""
    axes = view_axes(seen)
    rays = torch.nn.functional.normalize(torch.cat([seen, torch.ones_like(seen[..., :1])], dim=2), dim=2) @ axes
    plane = rays[..., :2] / rays[..., 2:].clamp_min(0.05)
    extent = spread(plane).clamp_min(1e-6)
    truth, guess = in_camera @ axes, guess @ axes
    guess = normalized_guess(guess)
    given = (torch.rand(len(seen), 1, generator=generator) < noise.guess_share).float()
    parts = (
        (plane / extent[:, None, None]).flatten(1), scores, extent.log()[:, None], guess.flatten(1) * given, given,
    )  # fmt: skip
    seen_truth = truth[..., :2] / truth[..., 2:].clamp_min(0.1) / extent[:, None, None]
    return Batch(torch.cat(parts, dim=1), truth - truth[:, MIDDLE_MCP : MIDDLE_MCP + 1], seen_truth)


def view_axes(seen: torch.Tensor) -> torch.Tensor:
    """Axes (N, 3, 3), columns x, y, z, of the virtual view of keypoints (N, 21, 2) on the plane z = 1."""
    rays = torch.nn.functional.normalize(torch.cat([seen, torch.ones_like(seen[..., :1])], dim=2), dim=2)
    forward = torch.nn.functional.normalize(rays.mean(dim=1), dim=1)
    down = rays[:, WRIST] - rays[:, MIDDLE_MCP]
    down = down - (down * forward).sum(dim=1, keepdim=True) * forward
    down = torch.nn.functional.normalize(down, dim=1)
    return torch.stack([torch.linalg.cross(down, forward), down, forward], dim=2)


def spread(points: torch.Tensor) -> torch.Tensor:
    """Root mean square distance (N,) of points (N, 21, D) from their mean."""
    return (points - points.mean(dim=1, keepdim=True)).pow(2).sum(dim=2).mean(dim=1).sqrt()


def normalized_guess(joints: torch.Tensor) -> torch.Tensor:
    """(N, 21, 3) about the middle MCP, divided by the root mean square distance from the mean."""
    size = (joints - joints.mean(dim=1, keepdim=True)).pow(2).sum(dim=2).mean(dim=1).sqrt()[:, None, None]
    return (joints - joints[:, MIDDLE_MCP : MIDDLE_MCP + 1]) / size.clamp_min(1e-9)
