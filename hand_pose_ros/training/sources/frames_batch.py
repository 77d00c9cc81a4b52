"""``FrameBatch``: whole images with any number of hands, what the localiser is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import torch


@dataclass
class FrameBatch:
    """N letterboxed images of S pixels with up to M hands each, as tensors on one device."""

    images: torch.Tensor
    """(N, 3, S, S) RGB: uint8 from the composer, float32, 0 to 1, once it is prepared on the device."""
    keypoints: torch.Tensor
    """(N, M, 21, 2) fractions of the square: centre of the top-left pixel at 0.5 / S."""
    state: torch.Tensor
    """(N, M) ``frames_store``'s NOTHING, HAND or DOUBTFUL."""
    right: torch.Tensor
    """(N, M) probability of the person's own right hand."""
    real: torch.Tensor
    """(N,) 1 where a photograph's hand is shown, 0 where hands are rendered or absent."""

    def __len__(self) -> int:
        return len(self.images)

    def each(self, function: Callable[[torch.Tensor], torch.Tensor]) -> FrameBatch:
        """A batch of ``function`` of every tensor."""
        return FrameBatch(**{item.name: function(getattr(self, item.name)) for item in fields(self)})

    def to(self, device: str | torch.device) -> FrameBatch:
        """The batch on ``device``."""
        return self.each(lambda tensor: tensor.to(device, non_blocking=True))

    def rows(self, index) -> FrameBatch:
        """Some of its rows: a slice, a mask or indices."""
        return self.each(lambda tensor: tensor[index])

    def prepared(self) -> FrameBatch:
        """With images as the network takes them."""
        images = self.images if self.images.is_floating_point() else self.images.float().div_(255)
        return replace(self, images=images)

    @classmethod
    def joined(cls, batches: Sequence[FrameBatch]) -> FrameBatch:
        """Batches of one image size, one after the other."""
        return cls(**{item.name: torch.cat([getattr(b, item.name) for b in batches]) for item in fields(cls)})
