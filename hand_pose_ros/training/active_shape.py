"""``ActiveShape``: the few ways in which a set of hands varies (Cootes et al. 1995, "Active Shape Models").

He et al. 2021 (section 3.2.2, after Fard et al. 2021, "ASM-Net") smooth the truth with it: in the early training a
network is to learn hands that a handful of components can say, later the hands themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

COMPONENTS = 6
"""As in the public code; the paper says k."""
REACH = 3.0


@dataclass(frozen=True)
class ActiveShape:
    """Mean shape, main directions and the variance along each."""

    mean: torch.Tensor
    """(D,)"""
    directions: torch.Tensor
    """(D, k), columns of length 1."""
    variance: torch.Tensor
    """(k,), the eigenvalues, largest first."""

    @classmethod
    def fit(cls, shapes: torch.Tensor, components: int = COMPONENTS) -> ActiveShape:
        """Principal component analysis of ``shapes`` (K, ...), as joints (K, 21, 3). ValueError for fewer than two."""
        if len(shapes) < 2:
            raise ValueError(f"{len(shapes)} shapes have no variance: give at least 2")
        flat = shapes.detach().flatten(1).double()
        mean = flat.mean(0)
        # Rows outnumber neither columns nor the other way round for sure; the covariance (D, D) is small either way.
        values, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / (len(flat) - 1))
        order = values.argsort(descending=True)[:components]
        kept = (mean, vectors[:, order], values[order].clamp_min(0.0))
        return cls(*(tensor.to(shapes.dtype) for tensor in kept))

    def nearest(self, shapes: torch.Tensor) -> torch.Tensor:
        """The model's shape nearest to each of ``shapes`` (N, ...), same shape out: Y_asm = mean + b V^T.

        Coordinates b along the components are clamped to three deviations, 3 sqrt(lambda).
        """
        limit = REACH * self.variance.sqrt()
        along = (shapes.flatten(1) - self.mean) @ self.directions
        along = torch.minimum(torch.maximum(along, -limit), limit)
        return (self.mean + along @ self.directions.T).reshape(shapes.shape)


def shape_weight(progress: float, steps: tuple[float, ...] = (100.0, 50.0, 25.0, 10.0, 1.0)) -> float:
    """The loss's weight at ``progress`` (0 to 1) of the training: equal stretches, as in the public code."""
    return steps[min(int(progress * len(steps)), len(steps) - 1)]
