"""Teacher pairs as labelled samples and as the hands that an estimator would lift and place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT, HandPose
from hand_pose_ros.hand_lifter import HandLifter
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.metric_hand import placed
from hand_pose_ros.networks.stage import TORCH, Stage
from hand_pose_ros.region import hand_box
from hand_pose_ros.training.evaluation.evaluation import Evaluation, evaluate
from hand_pose_ros.training.evaluation.prediction import PredictedHand, _from_pose
from hand_pose_ros.training.lifting.joint_definition import rig_joints
from hand_pose_ros.training.lifting.teacher_pairs import SIZE, TeacherPairs
from hand_pose_ros.training.sample import HandLabel, Sample

NOISE = 0.02  # of MediaPipe's keypoints, crop widths (model card)
CROP_PER_BOX = 1.6  # crop width over the longer side of the keypoints' box, typically


def samples_of(pairs: TeacherPairs, source: str = "rendered") -> list[Sample]:
    """One sample per pair, without a picture; joints as lifters define them."""
    joints_m = rig_joints(pairs.joints_m)
    return [_sample(pairs, n, joints_m[n], source) for n in range(len(pairs.left))]


def hands_of(pairs: TeacherPairs) -> list[HandPose]:
    """What the image model said, as the estimator's pose stage would say it."""
    return [_hand(pairs, n) for n in range(len(pairs.left))]


def lifted_and_placed(network, pairs: TeacherPairs, scales: HandScales | None = None) -> list[list[PredictedHand]]:
    """Predictions per pair by a lifter ``network`` (a torch module; None: the image model's own pose)."""
    cameras = [sample.camera for sample in samples_of(pairs)]
    stage = None if network is None else Stage({}, None, TORCH, "cpu", network)
    lifted = HandLifter(stage)([[hand] for hand in hands_of(pairs)], cameras)
    return [
        [_from_pose(placed(hand, camera, scales or HandScales()))]
        for [hand], camera in zip(lifted, cameras, strict=True)
    ]


def evaluate_on_pairs(name: str, network, pairs: TeacherPairs) -> Evaluation:
    """Errors of a lifter on pairs, through the package's own lifting and placement."""
    return evaluate(name, samples_of(pairs), lifted_and_placed(network, pairs))


def _camera(pairs: TeacherPairs, n: int) -> CameraModel:
    return CameraModel.from_intrinsics(SIZE, SIZE, pairs.intrinsics[n])


def _sample(pairs: TeacherPairs, n: int, joints_m: np.ndarray, source: str) -> Sample:
    camera = _camera(pairs, n)
    side = LEFT if pairs.left[n] else RIGHT
    label = HandLabel(camera.project(joints_m), side, joints_m)
    return Sample(Path(f"pair_{n:05d}"), SIZE, SIZE, (label,), camera, source)


def _hand(pairs: TeacherPairs, n: int) -> HandPose:
    keypoints, score = pairs.keypoints_px[n], float(pairs.score[n])
    noise = NOISE * CROP_PER_BOX * np.ptp(keypoints, axis=0).max()
    return HandPose(
        handedness=LEFT if pairs.said_left[n] else RIGHT,
        handedness_score=1.0,
        score=score,
        box=hand_box(keypoints),
        keypoints_px=keypoints,
        keypoint_scores=np.full(21, score),
        keypoint_stddev_px=np.full(21, noise),
        normalized_joints=pairs.guess[n],
    )
