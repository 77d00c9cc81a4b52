"""Random numbers of an augmentation: all from one generator, on its device."""

from __future__ import annotations

import torch


class Draws:
    """Short names for what is drawn from ``generator``."""

    def __init__(self, generator: torch.Generator):
        self.generator, self.device = generator, generator.device

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """``shape`` numbers from ``low`` to ``high``."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        """``shape`` standard normal numbers."""
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def factor(self, *shape: int, most: float) -> torch.Tensor:
        """Factors from 1 / (1 + most) to 1 + most, as likely above 1 as below."""
        edge = float(torch.log1p(torch.tensor(most)))
        return self.uniform(*shape, low=-edge, high=edge).exp()

    def rows(self, count: int, share: float) -> torch.Tensor:
        """Which of ``count`` rows are changed: ``share`` of them on average, in random order."""
        if share <= 0.0:
            return torch.zeros(0, dtype=torch.long, device=self.device)
        # The number of rows is fixed but for its rounding: rows by chance would make the work of a batch vary.
        chosen = int(share * count + float(torch.rand((), generator=self.generator, device=self.device)))
        return self.order(count)[:chosen]

    def order(self, count: int) -> torch.Tensor:
        """The numbers 0 to ``count`` - 1 in random order."""
        return torch.randperm(count, generator=self.generator, device=self.device)
