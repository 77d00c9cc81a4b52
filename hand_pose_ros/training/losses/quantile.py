"""Deviations that cover a stated share of the errors: quantile regression (Koenker & Bassett 1978, equation 1.1)."""

from __future__ import annotations

import torch

ONE_SIGMA = 0.6827
"""Share of normal errors within one standard deviation."""


def coverage_loss(
    error: torch.Tensor, stddev: torch.Tensor, share: float = ONE_SIGMA, smallest: float = 1e-5
) -> torch.Tensor:
    """Pinball loss (...) that is least, on average, where ``stddev`` is the ``share`` quantile of |``error``|.

    Of logarithms, since a quantile moves along with any increasing function: errors of all sizes count alike, and a
    wild one no more than any other beyond the deviation. A normal likelihood would let wild errors widen the deviation
    of all. ``error`` must carry no gradient: the deviation learns from the mean, not the mean from the deviation.
    """
    if error.requires_grad:
        raise ValueError("the error carries a gradient: give error.detach()")
    excess = error.abs().clamp_min(smallest).log() - stddev.log()
    return torch.maximum(share * excess, (share - 1.0) * excess)
