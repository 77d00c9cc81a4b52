"""``HandLocaliser``: any number of hands of both sides, with their directions, in one pass over a whole image.

Anchor-free: a map of hands' centres (Zhou et al. 2019, "Objects as Points") at an eighth of the input, and at each of
its cells the hand's square, its axis and its side. Features come from a residual network (He et al. 2016) down to a
32nd of the input and back by a pyramid (Lin et al. 2017, "Feature Pyramid Networks"): a palm of 6 pixels and one that
fills the image are found in the same map.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

STRIDE = 8
CELL_VALUES = 9
"""Score, centre (2), size, wrist and knuckles relative to the centre (4), side."""
UNIT = 0.1
"""Size of a hand's square, as a share of the input, that the network's size value 0 stands for."""
WIDTHS = {"s": (16, 32, 64, 96, 128, 64), "b": (24, 48, 96, 160, 224, 96)}
"""Channels at halves, quarters, ... 32nds of the input, and of the pyramid."""
BLOCKS = {"s": (1, 2, 2, 2), "b": (1, 3, 4, 3)}
"""Residual blocks at quarters, 8ths, 16ths, 32nds."""
RARE = -4.6
"""Logit of one in a hundred: cells that hold a hand's centre are rare (Lin et al. 2017, "Focal Loss", section 3.3)."""


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """A narrow 3 x 3 convolution between two of 1 x 1, around which the signal also goes unchanged."""

    def __init__(self, channels: int):
        super().__init__()
        narrow = channels // 2
        self.layers = nn.Sequential(
            _convolution(channels, narrow, 1), _convolution(narrow, narrow), nn.Conv2d(narrow, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to the same shape."""
        return functional.relu(features + self.layers(features))


class HandLocaliser(nn.Module):
    """Hands in a square image. Input (N, 3, S, S) RGB 0..1, S = ``input_size``, a multiple of 32.

    Output, A = (S / 8)^2 candidates: ``score`` (N, A); ``box`` (N, A, 4) cx, cy, w, h of a square about the hand, w
    and h alike; ``axis`` (N, A, 2, 2) wrist and knuckles; ``right`` (N, A). All but scores in fractions of the input.
    Which square and which knuckles, the training decides (``training/image/localiser_targets.py``).
    ``sides`` False: ``right`` is left out, where it has not been learnt well enough to be believed.
    ``score_shift`` is added to the score's logit: set after training, so that 0.5 is the wanted threshold.
    """

    def __init__(self, size: str = "s", input_size: int = 192, sides: bool = True):
        super().__init__()
        if size not in WIDTHS or input_size % 32:
            raise ValueError(f"size {size!r}, input_size {input_size}: give s or b, and a multiple of 32")
        self.input_size, self.grid, self.sides = input_size, input_size // STRIDE, sides
        half, *widths, pyramid = WIDTHS[size]
        self.stem, stages, previous = _convolution(3, half, 3, 2), [], half
        for width, blocks in zip(widths, BLOCKS[size], strict=True):
            stages.append(nn.Sequential(_convolution(previous, width, 3, 2), *(Residual(width) for _ in range(blocks))))
            previous = width
        self.stages = nn.ModuleList(stages)
        self.sideways = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for width in widths[1:])
        self.joined = nn.ModuleList([_convolution(pyramid, pyramid), _convolution(pyramid, pyramid)])
        self.score = nn.Sequential(Residual(pyramid), nn.Conv2d(pyramid, 1, 1))
        self.place = nn.Sequential(_convolution(pyramid, pyramid), nn.Conv2d(pyramid, CELL_VALUES - 1, 1))
        nn.init.constant_(self.score[-1].bias, RARE)
        nn.init.normal_(self.place[-1].weight, std=0.01)
        nn.init.zeros_(self.place[-1].bias)
        self.register_buffer("score_shift", torch.zeros(1))
        self.register_buffer("cells", cell_centres(self.grid), persistent=False)

    def values(self, images: torch.Tensor) -> torch.Tensor:
        """What the network says at each cell (N, A, 9), before it is put into the image; the score as a logit."""
        features, levels = self.stem(images), []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        eighth, sixteenth, last = (side(level) for side, level in zip(self.sideways, levels[1:], strict=True))
        middle = self.joined[0](sixteenth + _doubled(last))
        pyramid = self.joined[1](eighth + _doubled(middle))
        return torch.cat([self.score(pyramid), self.place(pyramid)], 1).flatten(2).transpose(1, 2)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Candidates as in the class's description."""
        return self.placed(self.values(images))

    def placed(self, values: torch.Tensor) -> dict[str, torch.Tensor]:
        """``values`` (N, A, 9) as candidates in fractions of the input. Centres move by cells, the axis by squares."""
        centre = self.cells + values[..., 1:3] / self.grid
        size = UNIT * values[..., 3:4].clamp(-4.0, 3.0).exp()
        axis = centre[..., None, :] + size[..., None] * values[..., 4:8].unflatten(-1, (2, 2))
        candidates = {
            "score": (values[..., 0] + self.score_shift).sigmoid(),
            "box": torch.cat([centre, size, size], -1),
            "axis": axis,
        }
        return candidates | ({"right": values[..., 8].sigmoid()} if self.sides else {})


def cell_centres(grid: int) -> torch.Tensor:
    """Centres (grid^2, 2) x, y of the cells, row by row, in fractions of the input."""
    places = (torch.arange(grid) + 0.5) / grid
    y, x = torch.meshgrid(places, places, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def _doubled(features: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
