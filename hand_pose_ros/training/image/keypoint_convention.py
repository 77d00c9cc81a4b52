"""Rendered labels moved to where the teacher of the photographs puts its keypoints, so that both teach one thing.

The renderer labels the centres about which joints turn; MediaPipe labels what annotators clicked: its MCPs lie nearer
to the wrist and to the palm's skin, its thumb's base nearer to the palm (docs/renderer.md, "Keypoints"). The lifter and
the prior of the hand's size expect that convention, so the network is to speak it.
"""

from __future__ import annotations

import torch

from hand_pose_ros.hand import INDEX_MCP, LITTLE_MCP, MIDDLE_MCP, WRIST

# Wrist frame of a right hand, hand scales: x wrist to middle MCP, z out of the back of the hand. Robust least squares
# on what mediapipe_full says of 981 rendered hands of known pose (2026-11-21; teacher_pairs.collect, seed 77): the
# median distance over the keypoints falls from 6.2 % of the hand's extent to 5.3 %.
TEACHER_OFFSETS = (
    (0.023, -0.011, -0.002), (-0.064, -0.009, -0.135), (0.053, 0.031, -0.032), (0.013, 0.005, 0.055),
    (-0.057, 0.012, 0.076), (-0.051, -0.040, -0.023), (-0.017, -0.021, -0.038), (-0.009, -0.007, -0.019),
    (-0.019, -0.001, 0.034), (-0.061, 0.001, -0.058), (-0.032, 0.006, -0.044), (-0.025, 0.015, -0.007),
    (-0.015, 0.017, 0.035), (-0.054, 0.016, -0.044), (-0.029, 0.001, -0.025), (-0.016, 0.008, -0.015),
    (0.002, 0.013, 0.025), (-0.013, 0.020, -0.026), (0.008, -0.004, -0.030), (0.009, -0.003, -0.011),
    (0.000, 0.003, 0.011),
)  # fmt: skip


def to_teacher(keypoints: torch.Tensor, joints: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Rendered keypoints (N, 21, 2) where the teacher would see them.

    ``joints`` (N, 21, 3) normalised, axes of the crop; ``right`` (N,) 1 right, 0 left. The displacement is projected
    with the crop's own scale (``crop_scale``). Rows without a hand (joints all 0) come back as they are.
    """
    offsets = torch.tensor(TEACHER_OFFSETS, device=joints.device, dtype=joints.dtype)
    moved = torch.einsum("nij,kj->nki", wrist_axes(joints, right), offsets)[..., :2]
    return keypoints + crop_scale(keypoints, joints)[:, None, None] * moved


def wrist_axes(joints: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """(N, 3, 3) columns x, y, z of the wrist frame that ``TEACHER_OFFSETS`` mean, mirrored for left hands; 0 for none.

    z points out of the back of both hands; y completes a right hand's frame and is mirrored for a left hand.
    """
    hand = torch.where(right > 0.5, 1.0, -1.0)[:, None].to(joints.dtype)
    x = _unit(joints[:, MIDDLE_MCP] - joints[:, WRIST])
    z = hand * _unit(torch.linalg.cross(x, joints[:, INDEX_MCP] - joints[:, LITTLE_MCP]))
    y = hand * torch.linalg.cross(z, x)
    return torch.stack([x, y, z], dim=2)


def crop_scale(keypoints: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
    """(N,) crop widths per hand scale: least squares of keypoints on joints seen in parallel; 0 where there is no hand.

    Keypoints (N, 21, 2) in fractions, joints (N, 21, 3) normalised, both of all 21.
    """
    plane = joints[..., :2] - joints[..., :2].mean(dim=1, keepdim=True)
    seen = keypoints - keypoints.mean(dim=1, keepdim=True)
    return (plane * seen).sum(dim=(1, 2)) / (plane**2).sum(dim=(1, 2)).clamp_min(1e-9)


def _unit(vector: torch.Tensor) -> torch.Tensor:
    return vector / vector.norm(dim=-1, keepdim=True).clamp_min(1e-9)
