"""The axes of ``lifting.virtual_view`` and its normalisations, as torch functions of many hands."""

from __future__ import annotations

import torch

from hand_pose_ros.hand import MIDDLE_MCP, WRIST


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
