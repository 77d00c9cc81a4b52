"""Where lifters put the joints: at the rig's own centres, as in ``poses.standard_hand``.

The renderer labels joints half way from there to where MediaPipe puts keypoints, for image networks. Label sets
disagree by more: the length of the middle finger's chain over that from wrist to MCP is 2.08 in InterHand2.6M's labels,
1.94 in MediaPipe's world landmarks, 1.89 in hpx_case004's and in the rig, 2.00 in the renderer's labels. The rig's is
kept: it lies between them.
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.training.renderer.hand_template import JOINT_SHIFTS, WRIST_SHIFT


def rig_joints(joints_m: np.ndarray) -> np.ndarray:
    """The renderer's labels (N, 21, 3) moved back to the rig's centres: undoes ``hand_template``'s shifts."""
    moved = np.array(joints_m, dtype=np.float64)
    scale = np.linalg.norm(moved[:, MIDDLE_MCP] - moved[:, WRIST], axis=1) * (1.0 + JOINT_SHIFTS[3, 1])
    for (finger, part), share in sorted(JOINT_SHIFTS.items()):
        joint = 4 * (finger - 1) + part
        before = moved[:, WRIST if part == 1 else joint - 1]
        away = moved[:, joint] - before
        moved[:, joint] += share * scale[:, None] * away / np.linalg.norm(away, axis=1, keepdims=True)
    moved[:, WRIST] = (moved[:, WRIST] - WRIST_SHIFT * moved[:, MIDDLE_MCP]) / (1.0 - WRIST_SHIFT)
    return moved
