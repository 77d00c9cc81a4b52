"""hand_pose_node with a pipeline that does nothing: what remains is receiving, converting and sending over DDS."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np

from hand_pose_ros.hand import LEFT, TRACKED, HandPose, OrientedBox
from hand_pose_ros.hand_scale import POPULATION_PRIOR
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.hand_pose_node import HandPoseNode

_FINGER = np.array([(0.0, -1.0, 0.0), (0.0, -1.4, 0.0), (0.0, -1.7, 0.0), (0.0, -1.9, 0.0)])
JOINTS = np.concatenate([[(0.0, 0.0, 0.0)], *(_FINGER + (0.2 * n - 0.4, 0.0, 0.0) for n in range(5))])
HAND = HandPose(
    handedness=LEFT, handedness_score=0.9, score=0.9, box=OrientedBox((640.0, 360.0), (200.0, 200.0)),
    keypoints_px=600.0 + 80.0 * JOINTS[:, :2], keypoint_scores=np.full(21, 0.9), keypoint_stddev_px=np.ones(21),
    normalized_joints=JOINTS, joints_m=JOINTS * 0.09 + (0.0, 0.0, 0.5), joint_stddev_m=np.full((21, 2), 0.01),
    hand_scale=POPULATION_PRIOR, id=1, status=TRACKED,
)  # fmt: skip


class NullPipeline:
    """One and the same hand in every image."""

    def __init__(self, settings, pipeline_settings):
        self.settings, self.scales = pipeline_settings, settings.scales()
        self.estimator = SimpleNamespace(model=SimpleNamespace(device="none"))

    def process(self, frames: list) -> list[list[HandPose]]:
        return [[HAND] for _ in frames]

    def reset(self, camera_id: str | None = None) -> None:
        pass


def main() -> int:
    def make():
        return HandPoseNode(NullPipeline)

    return run_node(make)


if __name__ == "__main__":
    sys.exit(main())
