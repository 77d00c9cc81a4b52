"""``HandBatch``: what every network of the package is trained on, whichever source the crops come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch

UNKNOWN_SEGMENT = 255
"""Value of ``segments`` where nobody labelled them."""


@dataclass
class HandBatch:
    """N crops of S pixels with labels, as tensors on one device. A weight of 0 masks a label that is not there."""

    images: torch.Tensor
    """(N, 3, S, S) float32 RGB, 0 to 1."""
    keypoints: torch.Tensor
    """(N, 21, 2) fractions of the crop: centre of the top-left pixel at 0.5 / S, outer edges at 0 and 1."""
    keypoint_weight: torch.Tensor
    """(N, 21) 0 to 1: confidence of the label, 0 where there is none (then ``keypoints`` holds zeros)."""
    visible: torch.Tensor
    """(N, 21) 1 seen, 0 hidden, NaN unknown."""
    joints: torch.Tensor
    """(N, 21, 3) normalised: middle MCP at the origin, wrist at distance 1; the crop's camera axes (x right, y down,
    z away). Zeros where unlabelled."""
    joint_weight: torch.Tensor
    """(N, 21) 0 to 1, as ``keypoint_weight``."""
    root: torch.Tensor
    """(N, 3) middle MCP in metres in the crop's camera axes, NaN unknown."""
    hand_scale: torch.Tensor
    """(N,) metres from wrist to middle MCP, NaN unknown."""
    camera: torch.Tensor
    """(N, 3, 3) K of the crop in fractions of it; NaN unknown."""
    right: torch.Tensor
    """(N,) 1 the person's own right hand, 0 left, NaN unknown."""
    present: torch.Tensor
    """(N,) 1 the crop holds a hand, 0 it does not."""
    segments: torch.Tensor
    """(N, S, S) uint8 as in ``renderer.crops.CropBatch``, ``UNKNOWN_SEGMENT`` where unlabelled."""
    real: torch.Tensor
    """(N,) 1 photograph, 0 rendered."""

    def __len__(self) -> int:
        return len(self.images)

    def each(self, function: Callable[[torch.Tensor], torch.Tensor]) -> HandBatch:
        """A batch of ``function`` of every tensor."""
        return HandBatch(**{item.name: function(getattr(self, item.name)) for item in fields(self)})

    def to(self, device, non_blocking: bool = True) -> HandBatch:
        """The batch on ``device``."""
        return self.each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def rows(self, index) -> HandBatch:
        """Some of its rows: a slice, a mask or indices."""
        return self.each(lambda tensor: tensor[index])

    @classmethod
    def joined(cls, batches: Sequence[HandBatch]) -> HandBatch:
        """Batches of one image size, one after the other."""
        return cls(**{item.name: torch.cat([getattr(b, item.name) for b in batches]) for item in fields(cls)})
