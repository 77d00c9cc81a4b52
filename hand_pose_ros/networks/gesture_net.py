"""``GestureNet``: which sign a hand's 3D pose is (Zimmermann & Brox 2017, section 6.4 and supplement, Table 7)."""

from __future__ import annotations

import torch
from torch import nn

HIDDEN, DROPOUT, SIGNS = 512, 0.2, 35


class GestureNet(nn.Sequential):
    """Joints (N, 63), or (N, 21, 3), to the scores (N, 35) of the signs: two hidden layers of 512 with dropout 0.2.

    The 35 are those of the RWTH German fingerspelling data of the paper; ``signs`` gives another number.
    """

    def __init__(self, signs: int = SIGNS, hidden: int = HIDDEN):
        layers = []
        for inputs in (63, hidden):
            layers += [nn.Linear(inputs, hidden), nn.ReLU(inplace=True), nn.Dropout(DROPOUT)]
        super().__init__(*layers, nn.Linear(hidden, signs))

    def forward(self, joints: torch.Tensor) -> torch.Tensor:
        """(N, 63) or (N, 21, 3) to scores (N, signs)."""
        return super().forward(joints.flatten(1))
