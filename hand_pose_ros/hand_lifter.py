"""The lifter's stage of a model on the hands of a batch: better joints from keypoints seen by a known camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import PREDICTED, HandPose, Lift
from hand_pose_ros.lifting import VirtualView, network_input, restored, seen_at, virtual_view, whole_hand

SAYS = {"distance", "distance_stddev", "joint_stddev", "keypoints", "keypoint_stddev"}
"""Outputs with which a lifter places the hand by itself; without them ``root_depth.place`` does."""

PIXEL_WIDENING = 1.1  # what a lifter learns on skeletons covers too little of rendered hands' errors (docs/lifter.md)
# Of rendered hands, on which that was measured; errors grow with about the square root of the gap: 5.7, 7.8, 9.1 and
# 14.5 % of the box in the quarters of 215 hands between gaps of 0.9, 2.1, 3.2, 5.1 % and more.
USUAL_GAP, NARROWEST, WIDEST = 0.026, 0.6, 1.6
MOST_DOUBTED = 3.0


class HandLifter:
    """Replaces normalised joints by those of the lifter. ``stage`` None, as in models without one, changes nothing.

    Its card's ``guess``, false where the image network knows no depth, says whether its joints are shown to the lifter;
    ``scores: hand`` shows it one score for all keypoints, where it was trained so.
    """

    def __init__(self, stage):
        self._stage = stage
        self._guess = stage is not None and stage.card.get("guess", True)
        self._per_hand = stage is not None and stage.card.get("scores") == "hand"

    def __call__(self, hands_per_image: list, cameras: list) -> list[list[HandPose]]:
        """The hands of each image, lifted in one batch where the image has a camera; held hands stay as they are."""
        if self._stage is None:
            return hands_per_image
        hands_per_image = [list(hands) for hands in hands_per_image]
        jobs = [
            (hands, n, camera, view)
            for hands, camera in zip(hands_per_image, cameras, strict=True)
            for n, hand in enumerate(hands)
            if (view := _view(hand, camera)) is not None
        ]
        if jobs:
            output = self._run(np.stack([self._input(hands[n], view) for hands, n, _, view in jobs]))
            for row, (hands, n, camera, view) in enumerate(jobs):
                answer = {name: value[row].astype(np.float64) for name, value in output.items()}
                hands[n] = _lifted(hands[n], answer, view, camera)
        return hands_per_image

    def _input(self, hand: HandPose, view: VirtualView) -> np.ndarray:
        scores = hand.keypoint_scores
        scores = np.full_like(scores, whole_hand(scores)) if self._per_hand else scores
        return network_input(view, scores, hand.normalized_joints if self._guess else None)

    def _run(self, views: np.ndarray) -> dict[str, np.ndarray]:
        if self._stage.runtime == "torch":
            import torch

            output = self._stage(torch.from_numpy(views).to(self._stage.device))
            return {name: value.cpu().numpy() for name, value in output.items()}
        return self._stage(views)


def _view(hand: HandPose, camera: CameraModel | None) -> VirtualView | None:
    """The hand as the lifter sees it; None where it cannot: no camera, no rays, or a pose that was only held."""
    if camera is None or hand.status == PREDICTED:
        return None
    try:
        return virtual_view(hand.keypoints_px, camera, hand.handedness)
    except ValueError:
        return None


def _lifted(hand: HandPose, answer: dict[str, np.ndarray], view: VirtualView, camera: CameraModel) -> HandPose:
    try:
        joints = restored(answer["joints"], view.rotation)
    except ValueError:  # an answer that is no hand: the image network's joints are kept
        return hand
    centres = seen_at(answer["keypoints"], view, camera) if "keypoints" in answer else None
    lifted = replace(hand, normalized_joints=joints, joint_centres_px=centres)
    if centres is None or not answer.keys() >= SAYS:
        return lifted
    # What a published keypoint errs by: its own difference from the joint's centre, and what is not known of that.
    pixels = answer["keypoint_stddev"] * view.extent * _pixels_per_radian(hand.keypoints_px, camera)
    off = (centres - hand.keypoints_px) ** 2
    return replace(
        lifted,
        keypoint_stddev_px=_widening(hand.mirror_gap) * np.sqrt(off.mean(axis=1) + pixels**2),
        lift=Lift(
            float(answer["distance"]), _doubt(hand.mirror_gap) * float(answer["distance_stddev"]),
            answer["joint_stddev"], answer["keypoint_stddev"] * view.extent,
        ),
    )  # fmt: skip


def _widening(mirror_gap: float | None) -> float:
    known = 1.0 if mirror_gap is None else float(np.clip(np.sqrt(mirror_gap / USUAL_GAP), NARROWEST, WIDEST))
    return PIXEL_WIDENING * known


def _doubt(mirror_gap: float | None) -> float:
    """Factor of the distance's deviation: keypoints that two looks see in different places make no sure distance."""
    return 1.0 if mirror_gap is None else float(np.clip(np.sqrt(mirror_gap / USUAL_GAP), 1.0, MOST_DOUBTED))


def _pixels_per_radian(keypoints_px: np.ndarray, camera: CameraModel) -> np.ndarray:
    """(21,) geometric mean of both axes."""
    rays = camera.unproject(keypoints_px)
    # A small circle at the ray (u, v, 1) has |ray|^-3 of its area on the plane z = 1 as solid angle.
    return camera.pixels_per_unit(rays) * np.linalg.norm(rays, axis=1) ** 1.5
