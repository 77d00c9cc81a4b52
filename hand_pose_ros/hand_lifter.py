"""The lifter's stage of a model on the hands of a batch: better joints from keypoints seen by a known camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import PREDICTED, HandPose
from hand_pose_ros.lifting import VirtualView, network_input, restored, virtual_view


class HandLifter:
    """Replaces normalised joints by those of the lifter. ``stage`` None, as in models without one, changes nothing."""

    def __init__(self, stage):
        self._stage = stage

    def __call__(self, hands_per_image: list, cameras: list) -> list[list[HandPose]]:
        """The hands of each image, lifted in one batch where the image has a camera; held hands stay as they are."""
        if self._stage is None:
            return hands_per_image
        hands_per_image = [list(hands) for hands in hands_per_image]
        jobs = [
            (hands, n, view, network_input(view, hand.keypoint_scores, hand.normalized_joints))
            for hands, camera in zip(hands_per_image, cameras, strict=True)
            for n, hand in enumerate(hands)
            if (view := _view(hand, camera)) is not None
        ]
        if jobs:
            joints = self._run(np.stack([job[3] for job in jobs]))
            for (hands, n, view, _), lifted in zip(jobs, joints, strict=True):
                hands[n] = _lifted(hands[n], lifted, view)
        return hands_per_image

    def _run(self, views: np.ndarray) -> np.ndarray:
        if self._stage.runtime == "torch":
            import torch

            joints = self._stage(torch.from_numpy(views).to(self._stage.device))["joints"]
            return joints.cpu().numpy().astype(np.float64)
        return np.asarray(self._stage(views)["joints"], dtype=np.float64)


def _view(hand: HandPose, camera: CameraModel | None) -> VirtualView | None:
    """The hand as the lifter sees it; None where it cannot: no camera, no rays, or a pose that was only held."""
    if camera is None or hand.status == PREDICTED:
        return None
    try:
        return virtual_view(hand.keypoints_px, camera, hand.handedness)
    except ValueError:
        return None


def _lifted(hand: HandPose, joints: np.ndarray, view: VirtualView) -> HandPose:
    try:
        return replace(hand, normalized_joints=restored(joints, view.rotation))
    except ValueError:  # an answer that is no hand: the image network's joints are kept
        return hand
