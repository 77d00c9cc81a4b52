"""Light and colour: brightness, contrast, saturation, hue and white balance as one matrix per crop; gamma."""

from __future__ import annotations

import torch

from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings

LUMA = (0.299, 0.587, 0.114)
"""Rec. 601 weights of red, green and blue."""


def coloured(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    """Images (N, 3, H, W), 0 to 1, under another light; same shape and range."""
    count = len(images)
    matrix = colour_matrix(
        gain=1 + settings.tint * draws.normal(count, 3).clamp(-2, 2),
        saturation=1 + settings.saturation * draws.uniform(count, low=-1.0),
        hue_turns=settings.hue * draws.uniform(count, low=-1.0),
    )
    grey = draws.rows(count, settings.grey)
    matrix[grey] = torch.tensor(LUMA, device=images.device).expand(len(grey), 3, 3)
    contrast = (1 + settings.contrast * draws.uniform(count, low=-1.0))[:, None, None]
    brightness = (1 + settings.brightness * draws.uniform(count, low=-1.0))[:, None, None]
    mean = images.mean(dim=(2, 3))[..., None]
    offset = brightness * (1 - contrast) * (matrix @ mean)
    pixels = torch.baddbmm(offset, brightness * contrast * matrix, images.flatten(2))
    return _with_gamma(pixels.view_as(images).clamp_(0.0, 1.0), settings, draws)


def colour_matrix(gain: torch.Tensor, saturation: torch.Tensor, hue_turns: torch.Tensor) -> torch.Tensor:
    """(N, 3, 3): hue rotated about grey, then saturation about the luma, then each channel's ``gain`` (N, 3)."""
    luma = torch.tensor(LUMA, device=gain.device).expand(len(gain), 3, 3)
    identity = torch.eye(3, device=gain.device)
    keep = saturation[:, None, None]
    return gain[..., None] * ((keep * identity + (1 - keep) * luma) @ _about_grey(2 * torch.pi * hue_turns))


def _about_grey(angle: torch.Tensor) -> torch.Tensor:
    """(N, 3, 3) rotations about (1, 1, 1) by ``angle`` (N,) radians (Rodrigues' formula)."""
    third, root = 1.0 / 3.0, 3.0**-0.5
    cross = torch.tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]], device=angle.device)
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return cosine * torch.eye(3, device=angle.device) + sine * cross + (1 - cosine) * third


def _with_gamma(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    rows = draws.rows(len(images), settings.gamma)
    power = draws.factor(len(rows), most=settings.gamma_range)
    images[rows] = images[rows].clamp_min(1e-4).pow(power[:, None, None, None])
    return images
