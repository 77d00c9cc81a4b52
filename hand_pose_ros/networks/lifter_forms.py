"""Other forms of a lifter's answer, to be compared with ``lifter.KeypointLifter``'s by ``benchmarks/lifter_table.py``.

All share its input (N, 128) and its trunk, and return ``joints`` (N, 21, 3): middle MCP at the origin, lengths in hand
scales, axes of the virtual view, right hands.
"""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.axis_angle import rotation_matrix
from hand_pose_ros.networks.bone_tree import JOINTS, MIDDLE_MCP, BoneTree
from hand_pose_ros.networks.lifter import INPUTS, Trunk


class _Form(nn.Module):
    """A trunk and one linear layer."""

    def __init__(self, width: int, blocks: int, outputs: int):
        super().__init__()
        self.trunk = Trunk(width, blocks)
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))

    def answer(self, view: torch.Tensor) -> torch.Tensor:
        """(N, 128) to (N, outputs)."""
        return self.leave(self.trunk(view))

    def example(self, batch: int) -> torch.Tensor:
        """An input."""
        return torch.zeros(batch, INPUTS)


class VectorLifter(_Form):
    """63 numbers, the joints."""

    def __init__(self, width: int = 256, blocks: int = 2):
        super().__init__(width, blocks, 3 * JOINTS)

    def forward(self, view: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 128) to ``joints``."""
        joints = self.answer(view).reshape(-1, JOINTS, 3)
        return {"joints": joints - joints[:, MIDDLE_MCP : MIDDLE_MCP + 1]}


class TreeLifter(_Form):
    """60 numbers, the bones; joints are sums of those that lead to them (Chernytska 2019, section 3.3)."""

    def __init__(self, width: int = 256, blocks: int = 2):
        super().__init__(width, blocks, 3 * (JOINTS - 1))
        self.tree = BoneTree()

    def forward(self, view: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 128) to ``joints``."""
        return {"joints": self.tree(self.answer(view).reshape(-1, JOINTS - 1, 3))}


class CanonicalLifter(nn.Module):
    """Canonical joints and viewpoint by two streams (Zimmermann & Brox 2017, section 4.3, equation 3).

    ``canonical`` (N, 21, 3): wrist at the origin, index finger's first bone of length 1, right hands mirrored in z;
    ``rotation`` (N, 3, 3) into that frame, from three numbers, axis times angle.
    """

    def __init__(self, width: int = 181, blocks: int = 2):
        super().__init__()
        self.shape, self.viewpoint = _Form(width, blocks, 3 * JOINTS), _Form(width, blocks, 3)

    def forward(self, view: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, 128) to ``joints``, ``canonical`` and ``rotation``."""
        canonical = self.shape.answer(view).reshape(-1, JOINTS, 3)
        rotation = rotation_matrix(self.viewpoint.answer(view))
        joints = (canonical * canonical.new_tensor([1.0, 1.0, -1.0])) @ rotation
        joints = joints - joints[:, MIDDLE_MCP : MIDDLE_MCP + 1]
        scale = joints[:, :1].norm(dim=2, keepdim=True).clamp_min(1e-3)
        return {"joints": joints / scale, "canonical": canonical, "rotation": rotation}

    def example(self, batch: int) -> torch.Tensor:
        """An input."""
        return torch.zeros(batch, INPUTS)
