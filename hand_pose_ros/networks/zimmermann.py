"""``ZimmermannPose``: PoseNet and PosePrior as one pose network (Zimmermann & Brox 2017, "Learning to Estimate 3D Hand
Pose from Single RGB Images"). Their localiser is ``hand_seg_net.HandSegNet``.

The paper is told which hand it sees; here a linear layer on PoseNet's features says so, and another one whether the
crop holds a hand at all. Both are ours.
"""

from __future__ import annotations

import torch
from torch import nn

from hand_pose_ros.networks.peaks import peaks
from hand_pose_ros.networks.pose_net import PoseNet
from hand_pose_ros.networks.pose_prior_net import lifting_network
from hand_pose_ros.networks.vgg_encoder import STRIDE

MIDDLE_MCP = 9


class ZimmermannPose(nn.Module):
    """Crops (N, 3, S, S) RGB 0..1, hands upright or not, to keypoints, presence, side and joints (``contract.py``).

    ``joints`` are normalised (middle MCP at the origin, wrist at distance 1). ``lifting`` chooses among the networks of
    the paper's Table 2. Widths 1, ``input_size`` 256, neither ``norm`` nor ``residual`` are the published network.

    While training come ``score_maps`` (a list of three), ``right_logit`` and ``presence_logit`` instead of ``joints``:
    ``prior`` learns from true score maps, by itself.
    """

    def __init__(
        self, width: float = 1.0, input_size: int = 256, norm: bool = False, residual: bool = False,
        lifting: str = "proposed", lifting_width: float = 1.0,
    ):  # fmt: skip
        super().__init__()
        if input_size % (2 * STRIDE):
            raise ValueError(f"input_size is {input_size}: give a multiple of {2 * STRIDE}")
        self.input_size, self.map_size = input_size, input_size // STRIDE
        self.posenet = PoseNet(width, norm, residual)
        self.prior = lifting_network(lifting, self.map_size, lifting_width)
        self.heads = nn.Linear(self.posenet.encoder.channels, 2)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """The outputs of the class's description."""
        features, maps = self.posenet(images)
        presence_logit, right_logit = self.heads(features.mean((2, 3))).float().unbind(1)
        keypoints, score = peaks(maps[-1])
        output = {
            "keypoints": keypoints, "keypoint_score": score.clamp(0.0, 1.0), "presence": presence_logit.sigmoid(),
            "right": right_logit.sigmoid(),
        }  # fmt: skip
        if self.training:
            return output | {"score_maps": maps, "presence_logit": presence_logit, "right_logit": right_logit}
        lifted = self.prior(maps[-1], (right_logit > 0).to(maps[-1].dtype))
        return output | {"joints": normalised(lifted["joints"])}


def normalised(joints: torch.Tensor) -> torch.Tensor:
    """Joints (N, 21, 3) with the middle MCP at the origin and the wrist at distance 1 (at most 1000 times enlarged)."""
    centred = joints - joints[:, MIDDLE_MCP : MIDDLE_MCP + 1]
    return centred / centred[:, :1].square().sum(2, keepdim=True).sqrt().clamp_min(1e-3)
