"""The artefacts of JPEG: the cosine transform of 8 x 8 blocks rounded to steps (ITU-T T.81, annex K, table K.1)."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings

BLOCK = 8
LUMINANCE_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55), (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62), (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
COARSEST = 2.5
"""Largest multiple of the table: quality 20 in the scale of the Independent JPEG Group."""


def compressed(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    """Some of images (N, 3, H, W), 0 to 1, changed in place."""
    rows = draws.rows(len(images), settings.jpeg)
    if len(rows):
        coarseness = draws.uniform(len(rows), low=0.3, high=COARSEST)
        images[rows] = quantised(images[rows], coarseness).clamp_(0.0, 1.0)
    return images


def quantised(images: torch.Tensor, coarseness: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W) whose blocks' cosine coefficients are rounded to ``coarseness`` (N,) times the table.

    All channels are treated as luminance, which spares the change of colour space.
    """
    height, width = images.shape[-2:]
    padded = functional.pad(images, [0, -width % BLOCK, 0, -height % BLOCK], mode="replicate")
    count, channels, rows, columns = padded.shape
    blocks = padded.view(count, channels, rows // BLOCK, BLOCK, columns // BLOCK, BLOCK).transpose(3, 4)
    basis = cosine_basis(images.device)
    steps = coarseness.view(-1, 1, 1, 1, 1, 1) * torch.tensor(LUMINANCE_STEPS, device=images.device) / 255.0
    coefficients = torch.round(basis @ blocks @ basis.T / steps) * steps
    restored = (basis.T @ coefficients @ basis).transpose(3, 4).reshape(padded.shape)
    return restored[..., :height, :width]


def cosine_basis(device) -> torch.Tensor:
    """(8, 8) orthonormal: row k is the k-th cosine."""
    place = (torch.arange(BLOCK, device=device) + 0.5) * math.pi / BLOCK
    basis = torch.cos(torch.arange(BLOCK, device=device)[:, None] * place)
    basis[0] *= 0.5**0.5
    return basis * (2 / BLOCK) ** 0.5
