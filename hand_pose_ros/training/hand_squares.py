"""``region.pose_crop`` for batches of tensors: the square about a hand, along its own axis, before it is grown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch


@dataclass
class Squares:
    """N x M hands: ``centre`` (N, M, 2), ``size`` (N, M), ``axis`` (N, M, 2, 2), fractions of the input."""

    centre: torch.Tensor
    size: torch.Tensor
    axis: torch.Tensor


def squares(keypoints: torch.Tensor, roi: Mapping) -> Squares:
    """Squares and axes of keypoints (N, M, 21, 2): ``region.pose_crop`` without its ``scale``, as tensors."""
    base, tip = (keypoints[:, :, list(roi["axis"][end])].mean(dim=2) for end in ("from", "to"))
    along = tip - base
    up = along / along.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    # Columns: the box's own right and down in the image.
    turn = torch.stack([torch.stack([-up[..., 1], up[..., 0]], -1), -up], -1)
    local = keypoints[:, :, list(roi["keypoints"])] @ turn
    low, high = local.amin(dim=2), local.amax(dim=2)
    shift = torch.tensor(roi["shift"], dtype=local.dtype, device=local.device)
    middle = (low + high) / 2 + shift * (high - low)
    centre = (turn @ middle[..., None])[..., 0]
    return Squares(centre, (high - low).amax(dim=-1), torch.stack([base, tip], dim=2))
