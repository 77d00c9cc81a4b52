"""The sampling of ``crop.py`` on a torch device: an image is uploaded once, and all crops are read from it there."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import grid_sample

from hand_pose_ros.crop import pixel_affine


def upload(image: np.ndarray, device) -> torch.Tensor:
    """Image (H, W, 3) uint8 -> (3, H, W) uint8 on ``device``, still in its interleaved memory order."""
    return torch.from_numpy(np.ascontiguousarray(image)).to(device, non_blocking=True).permute(2, 0, 1)


def sample_batch(images: list, affines: list, size: int, border: str = "replicate") -> torch.Tensor:
    """Network input (N, 3, size, size) float32, 0 to 1, on the images' device.

    ``images``: (3, H, W) uint8 tensors (from ``upload``); ``affines``: (2, 3) from crop fractions to pixels. Same pixel
    convention, interpolation and borders as ``crop.sample_batch``, without its rounding to whole grey levels.
    """
    order = {}
    for index, image in enumerate(images):
        order.setdefault(id(image), []).append(index)
    batch = images[0].new_empty((len(images), 3, size, size), dtype=torch.float32)
    for indices in order.values():
        image = images[indices[0]]
        batch[indices] = _sample_one(image, [affines[index] for index in indices], size, border)
    return batch


def _sample_one(image: torch.Tensor, affines: list, size: int, border: str) -> torch.Tensor:
    grid = _grid(affines, image.shape[2], image.shape[1], size).to(image.device, non_blocking=True)
    padding = {"replicate": "border", "zero": "zeros"}[border]
    # An expanded view: the image itself is not copied for every hand.
    source = (image.to(torch.float32) / 255)[None].expand(len(affines), -1, -1, -1)
    return grid_sample(source, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _grid(affines: list, width: int, height: int, size: int) -> torch.Tensor:
    """Positions (N, size, size, 2) of crop pixels in grid_sample's units: -1 and 1 are the image's outer edges."""
    index = np.arange(size)
    pixels = np.stack([*np.meshgrid(index, index), np.ones((size, size))], axis=-1)
    positions = np.stack([pixels @ pixel_affine(affine, size).T for affine in affines])
    return torch.from_numpy(((2 * positions + 1) / (width, height) - 1).astype(np.float32))


def download(outputs: dict) -> dict[str, np.ndarray]:
    """Float tensors on a device -> numpy float64 arrays of the same names, in one transfer."""
    flat = torch.cat([value.to(torch.float32).flatten() for value in outputs.values()]).cpu().numpy().astype(np.float64)
    ends = np.cumsum([value.numel() for value in outputs.values()])
    parts = np.split(flat, ends[:-1])
    return {name: part.reshape(value.shape) for (name, value), part in zip(outputs.items(), parts, strict=True)}
