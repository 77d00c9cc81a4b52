"""The hand as a tree of bones: joints are sums of the bones that lead to them (Chernytska 2019)."""

from __future__ import annotations

import torch
from torch import nn

JOINTS, MIDDLE_MCP = 21, 9
PARENTS = tuple(0 if child % 4 == 1 else child - 1 for child in range(1, JOINTS))
"""Bone b leads from PARENTS[b] to b + 1, as in ``hand.BONES``."""


def paths() -> torch.Tensor:
    """(21, 20): 1 where bone b lies on the way from the wrist to joint j."""
    reach = torch.zeros(JOINTS, JOINTS - 1)
    for bone, parent in enumerate(PARENTS):
        reach[bone + 1] = reach[parent]
        reach[bone + 1, bone] = 1.0
    return reach


class BoneTree(nn.Module):
    """Bones (N, 20, 3), each from parent to child, to joints; and back."""

    def __init__(self):
        super().__init__()
        reach = paths()
        # About the middle MCP: bones that lie before it on the way count backwards.
        self.register_buffer("reach", reach - reach[MIDDLE_MCP], persistent=False)

    def forward(self, bones: torch.Tensor) -> torch.Tensor:
        """Joints (N, 21, 3), middle MCP at the origin, in the bones' unit."""
        # A sum of products: autocast would take a matrix product to half precision.
        return (self.reach.to(bones.dtype)[..., None] * bones[:, None]).sum(dim=2)

    @staticmethod
    def bones(joints: torch.Tensor) -> torch.Tensor:
        """Bones (N, 20, 3) of joints (N, 21, 3) at any place."""
        return joints[:, 1:] - joints[:, list(PARENTS)]
