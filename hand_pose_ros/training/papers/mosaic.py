"""Pictures with several small hands, put together from crops (after the mosaics of Bochkovskiy et al. 2020, YOLOv4)."""

from __future__ import annotations

import torch
from torch.nn import functional

BLACK = 0.15
"""Share of the tiles that are black, as the margins of a whole image in a square are."""


def mosaic(images: torch.Tensor, segments: torch.Tensor, tiles: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As many pictures as crops: ``tiles`` by ``tiles`` crops of ``images`` (N, 3, S, S), drawn at random, each shrunk.

    ``segments`` (N, S, S) go along, by the nearest pixel. With one tile both are returned as they are.
    """
    if tiles == 1:
        return images, segments
    count, _, size, _ = images.shape
    small = -(-size // tiles)
    shrunk = functional.interpolate(images, (small, small), mode="bilinear", antialias=True, align_corners=False)
    marks = functional.interpolate(segments[:, None].float(), (small, small), mode="nearest").to(segments.dtype)
    chosen = torch.randint(count, (count, tiles, tiles), device=images.device)
    shown = (torch.rand(chosen.shape, device=images.device) >= BLACK)[..., None, None, None]
    return _tiled(shrunk[chosen] * shown, size), _tiled(marks[chosen] * shown, size)[:, 0]


def _tiled(tiles: torch.Tensor, size: int) -> torch.Tensor:
    """(N, T, T, C, s, s) to (N, C, size, size)."""
    count, across, _, channels, small, _ = tiles.shape
    picture = tiles.permute(0, 3, 1, 4, 2, 5).reshape(count, channels, across * small, across * small)
    return picture[..., :size, :size].contiguous()
