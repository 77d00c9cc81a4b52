"""What a camera does to a picture: defocus and motion blur, too few pixels, noise."""

from __future__ import annotations

import torch
from torch.nn import functional

from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings

KERNEL = 7


def blurred(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    """Some of images (N, C, H, W), changed in place: half of them out of focus, half moved."""
    rows = draws.rows(len(images), settings.blur)
    if len(rows):
        size = draws.uniform(len(rows), low=0.3, high=max(settings.blur_px, 0.3))
        angle = draws.uniform(len(rows), high=torch.pi)
        thin = torch.where(draws.uniform(len(rows)) < 0.5, size, torch.full_like(size, 0.4))
        images[rows] = filtered(images[rows], gaussians(size, thin, angle))
    return images


def gaussians(long: torch.Tensor, thin: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Kernels (N, KERNEL, KERNEL) of sum 1: deviations in pixels along and across ``angle`` (N,) radians."""
    axis = torch.arange(KERNEL, device=long.device, dtype=torch.float32) - KERNEL // 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    along, across = (cosine * x + sine * y) / long[:, None, None], (cosine * y - sine * x) / thin[:, None, None]
    kernel = torch.exp(-0.5 * (along**2 + across**2))
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)


def filtered(images: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W), each convolved with its own kernel (N, K, K), edges repeated."""
    count, channels, height, width = images.shape
    half = kernels.shape[-1] // 2
    padded = functional.pad(images, [half] * 4, mode="replicate").reshape(1, count * channels, height + 2 * half, -1)
    weight = kernels[:, None].repeat_interleave(channels, dim=0)
    return functional.conv2d(padded, weight, groups=count * channels).view(count, channels, height, width)


def coarsened(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    """Some of images (N, C, H, W), changed in place: shrunk to a half or a third and enlarged again."""
    rows = draws.rows(len(images), settings.coarse)
    for part, divisor in zip(rows.chunk(2) if len(rows) > 1 else (rows,), (2, 3), strict=False):
        if len(part):
            small = functional.interpolate(images[part], scale_factor=1 / divisor, mode="area")
            images[part] = functional.interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
    return images


def noisy(images: torch.Tensor, settings: AugmentationSettings, draws: Draws) -> torch.Tensor:
    """Some of images (N, 3, H, W), changed in place: grey noise with a third of it in each channel on its own."""
    rows = draws.rows(len(images), settings.noise)
    if len(rows):
        level = draws.uniform(len(rows), high=settings.noise_level)[:, None, None, None]
        shape = images.shape[-2:]
        grain = draws.normal(len(rows), 1, *shape) + 0.33 * draws.normal(len(rows), 3, *shape)
        images[rows] = (images[rows] + level * grain).clamp_(0.0, 1.0)
    return images
