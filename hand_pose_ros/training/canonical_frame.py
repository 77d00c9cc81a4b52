"""The canonical frame of a hand (Zimmermann & Brox 2017, section 4.3, equations 1 to 7), and the way back.

Joints count from the root, the wrist, in lengths of the index finger's first bone (equations 1 and 2). In the canonical
frame the middle MCP lies on the positive y axis (equation 5), the little MCP in the x-y plane with x >= 0 (equation 6),
and z of right hands is mirrored (equation 7), so that both sides have one distribution.
"""

from __future__ import annotations

import torch

from hand_pose_ros.hand import INDEX_MCP, LITTLE_MCP, MIDDLE_MCP, WRIST

INDEX_PIP = INDEX_MCP + 1
SMALLEST = 1e-6
"""Lengths and sines below it are none: the frame is completed in a fixed way."""


def index_length(joints: torch.Tensor) -> torch.Tensor:
    """(N, 1, 1) length of the index finger's first bone of joints (N, 21, 3), equation 1; at least 1e-6."""
    return _norm(joints[:, INDEX_PIP] - joints[:, INDEX_MCP]).clamp_min(SMALLEST)[:, None]


def relative(joints: torch.Tensor) -> torch.Tensor:
    """Joints (N, 21, 3) of any unit from the wrist, in lengths of the index finger's first bone (equation 2)."""
    return (joints - joints[:, WRIST : WRIST + 1]) / index_length(joints)


def to_canonical(joints: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Canonical coordinates (N, 21, 3) and the rotation R (N, 3, 3) of ``relative`` joints (N, 21, 3).

    ``right`` (N,): 1 right, 0 left. Canonical are R w (equation 3), z mirrored for right hands.
    """
    rotation = viewpoint(joints)
    return joints @ rotation.transpose(1, 2) * mirror(right, joints), rotation


def from_canonical(canonical: torch.Tensor, rotation: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The inverse of ``to_canonical``: ``relative`` joints (N, 21, 3)."""
    return (canonical * mirror(right, canonical)) @ rotation


def viewpoint(joints: torch.Tensor) -> torch.Tensor:
    """The rotation R = R_y R_xz (N, 3, 3) of equations 4 to 6 for joints (N, 21, 3) with the wrist at the origin.

    Always a rotation with finite gradients: without a palm's direction the y axis is the camera's, and with the little
    finger in line with it the x axis is the camera's that is farthest from y, made perpendicular.
    """
    up = _unit(joints[:, MIDDLE_MCP], _axis(joints, 1))
    aside = joints[:, LITTLE_MCP]
    aside = aside - (aside * up).sum(1, keepdim=True) * up
    # In units of the little MCP's own distance: rounding leaves 1e-7 of it, in any direction.
    reach = _norm(joints[:, LITTLE_MCP]).clamp_min(SMALLEST)
    across = _unit(aside / reach, _perpendicular(up), 1e-5)
    return torch.stack([across, up, torch.linalg.cross(across, up)], 1)


def mirror(right: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Factors (N, 1, 3) of equation 7: z changes its sign for ``right`` (N,) 1."""
    right = right.to(like.dtype)
    return torch.stack([torch.ones_like(right), torch.ones_like(right), 1.0 - 2.0 * right], 1)[:, None]


def _norm(vectors: torch.Tensor) -> torch.Tensor:
    """Lengths (N, 1) of vectors (N, 3), with gradient 0 instead of none at 0."""
    square = vectors.square().sum(1, keepdim=True)
    return torch.where(square > 0.0, torch.where(square > 0.0, square, 1.0).sqrt(), 0.0)


def _unit(vectors: torch.Tensor, otherwise: torch.Tensor, smallest: float = SMALLEST) -> torch.Tensor:
    length = _norm(vectors)
    there = length > smallest
    return torch.where(there, vectors / torch.where(there, length, 1.0), otherwise)


def _axis(like: torch.Tensor, number: int) -> torch.Tensor:
    return torch.eye(3, dtype=like.dtype, device=like.device)[number].expand(len(like), 3)


def _perpendicular(up: torch.Tensor) -> torch.Tensor:
    """Unit vectors (N, 3) perpendicular to unit vectors ``up`` (N, 3)."""
    axes = torch.eye(3, dtype=up.dtype, device=up.device)[up.detach().abs().argmin(1)]
    aside = axes - (axes * up).sum(1, keepdim=True) * up
    return aside / aside.square().sum(1, keepdim=True).sqrt()
