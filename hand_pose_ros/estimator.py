"""One image, or a batch of images from several cameras, to hands. Keeps no state from image to image.

>>> estimator = HandEstimator(load_model("mediapipe_full"))              # doctest: +SKIP
>>> hands = estimator(image, CameraModel.from_fov(1280, 720, 69.0))      # doctest: +SKIP
>>> hands[0].joints_m                                                    # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.camera_axes import camera_axes
from hand_pose_ros.crop import crop_to_image, letterbox, moved, transform
from hand_pose_ros.detector import Detection, decode, joined, mirrored_candidates, read_candidates
from hand_pose_ros.hand import KEYPOINT_COUNT, LEFT, RIGHT, HandPose, OrientedBox
from hand_pose_ros.hand_lifter import HandLifter
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.input_checks import check_camera, check_image
from hand_pose_ros.metric_hand import placed
from hand_pose_ros.mirroring import mirrored_image
from hand_pose_ros.pose_fusion import fused_pose
from hand_pose_ros.region import hand_box, hand_distance, pose_crop
from hand_pose_ros.sampler import sampler_for
from hand_pose_ros.settings import check, setting
from hand_pose_ros.still_looks import StillSettings, looked_at

SPARE_PLACES = 2
"""Places beyond ``max_hands`` that are looked at: a face that the localiser took for a hand is to cost no hand."""


@dataclass(frozen=True)
class EstimatorSettings:
    """Thresholds of detection and pose."""

    max_hands: int = setting(2, "Largest number of hands that are reported per image.", minimum=1, maximum=16)
    min_score: float = setting(0.5, "Lowest localiser score of a place that is looked at.", minimum=0.0, maximum=1.0)
    min_presence: float = setting(0.5, "Lowest probability of a hand that is reported.", minimum=0.0, maximum=1.0)
    min_hand_distance: float = setting(
        0.2, "Two poses whose keypoints are nearer on average, in hand extents, are one hand.", minimum=0.0, maximum=1.0
    )

    def __post_init__(self):
        check(self)


class HandEstimator:
    """Hands from images with the networks of one model (``networks.build.load_model``)."""

    def __init__(self, model, settings: EstimatorSettings = EstimatorSettings(), stills: StillSettings | None = None):
        self.model, self.settings, self.stills = model, settings, stills or StillSettings()
        self.lift = HandLifter(model.lifter)
        self.one_sided = model.pose.card.get("sees", "both") == "right"
        """Whether the pose network is to see right hands only: left ones are shown to it mirrored."""
        self._sampler = sampler_for(model.pose.runtime, model.device)

    def __call__(self, image, camera: CameraModel | None = None, scales: HandScales | None = None) -> list[HandPose]:
        """Hands in an image (H, W, 3) uint8 RGB, best first; metres only with a ``camera``. ValueError on bad input."""
        check_image(image)
        check_camera(camera, image)
        [hands] = self.place([self.seen(image, camera)], [camera], scales or HandScales())
        return distinct(sorted(hands, key=lambda hand: -hand.score), self.settings)

    def seen(self, image: np.ndarray, camera: CameraModel | None = None) -> list[HandPose]:
        """The hands of an image by itself, before they are lifted and placed, all that were looked at."""
        views = [image, mirrored_image(image)] if self.stills.mirrored else [image]
        views = [self.load(view) for view in views]
        [detections] = self.detect(views[:1], views[1:])
        boxes, sides = [found.box for found in detections], [found.side for found in detections]
        return [hand for hand in looked_at(self, views, boxes, camera, sides, self.stills) if hand is not None]

    def load(self, image):
        """Put an image where its crops will be read (an accelerator's memory); accepted by the methods below."""
        return self._sampler.load(image) if isinstance(image, np.ndarray) else image

    def width(self, image) -> int:
        """Pixels per row of an image, loaded or not."""
        return self._sampler.size(self.load(image))[0]

    def detect(self, images: list, mirrors: Sequence = ()) -> list[list[Detection]]:
        """Places where a hand may be, per image, best first: ``max_hands`` and some to spare. All images are one batch.

        ``mirrors``: the mirror images, if they are to be looked at too; what is found in both is averaged.
        """
        count, stage = len(images), self.model.localiser
        images = [self.load(image) for image in [*images, *mirrors]]
        if not images:
            return []
        edge = 0.0 if self._reads_corners(stage) else -0.5
        boxes = [self._input_box(letterbox(*self._sampler.size(image), edge), stage) for image in images]
        affines = [crop_to_image(box) for box in boxes]
        output = self._run(stage, images, affines, "zero")
        found = [read_candidates(output, n, stage.card) for n in range(len(images))]
        for n, other in enumerate(found[count:]):
            found[n] = joined([found[n], mirrored_candidates(other, affines[n], self.width(images[n]))])
        decoded = [decode(found[n], affines[n], stage.card, self.settings.min_score) for n in range(count)]
        return [detections[: self.settings.max_hands + SPARE_PLACES] for detections in decoded]

    def estimate(
        self,
        images: list,
        boxes_per_image: list,
        cameras: list,
        scales: HandScales,
        sides_per_image: list | None = None,
    ) -> list[list[HandPose]]:
        """Hands in the given pose crops, in metres where the image has a camera. Crops without a hand are left out."""
        observed = self.observe(images, boxes_per_image, cameras, sides_per_image)
        return self.place([[hand for hand in hands if hand is not None] for hands in observed], cameras, scales)

    def place(self, hands_per_image: list, cameras: list, scales: HandScales) -> list[list[HandPose]]:
        """Lift what was observed, and place it in metres where the image has a camera."""
        found = self.lift(hands_per_image, cameras)
        return [[placed(hand, camera, scales) for hand in hands] for hands, camera in zip(found, cameras, strict=True)]

    def observe(self, images: list, boxes_per_image: list, cameras: list, sides_per_image: list | None = None) -> list:
        """Per image and box a ``HandPose`` without metres, or None where no hand is: one batch over all of them.

        ``sides_per_image`` holds ``left``, ``right`` or None per box. A network that sees right hands is shown left
        ones mirrored; where the side is not known, it looks again at what it takes for a left one.
        """
        sides_per_image = sides_per_image or [[None] * len(boxes) for boxes in boxes_per_image]
        jobs = [
            (self.load(image), box, side, camera)
            for image, boxes, sides, camera in zip(images, boxes_per_image, sides_per_image, cameras, strict=True)
            for box, side in zip(boxes, sides, strict=True)
        ]
        hands = self._poses(jobs)
        again = [n for n, job in enumerate(jobs) if self.one_sided and job[2] is None and _is_left(hands[n])]
        for n, hand in zip(again, self._poses([(*jobs[n][:2], LEFT, jobs[n][3]) for n in again]), strict=True):
            hands[n] = hand
        found = iter(hands)
        return [[next(found) for _ in boxes] for boxes in boxes_per_image]

    def pose_crop(self, keypoints_px: np.ndarray) -> OrientedBox:
        """The crop in which to look for a hand again whose keypoints (21, 2) were just seen."""
        return pose_crop(keypoints_px, self.model.pose.card["roi"])

    def _poses(self, jobs: list) -> list[HandPose | None]:
        if not jobs:
            return []
        images, boxes, sides, cameras = zip(*jobs, strict=True)
        stage = self.model.pose
        boxes = [self._input_box(box, stage) for box in boxes]
        mirrored = [side == LEFT and self.one_sided for side in sides]
        affines = [crop_to_image(box, flip) for box, flip in zip(boxes, mirrored, strict=True)]
        output = self._run(stage, list(images), affines, "replicate")
        return [
            self._pose(
                {name: value[n] for name, value in output.items()}, boxes[n], affines[n], mirrored[n], cameras[n]
            )
            for n in range(len(jobs))
        ]

    def _pose(self, output: dict, box: OrientedBox, affine, mirrored: bool, camera) -> HandPose | None:
        presence = float(output["presence"])
        keypoints = transform(affine, output["keypoints"])
        if not (presence >= self.settings.min_presence and np.isfinite(keypoints).all()):
            return None
        try:
            joints = camera_axes(self._joints(output), box, mirrored, camera)
        except ValueError:  # joints that are no hand: non-finite, or all in one place
            return None
        right = float(output["right"])
        right = 1.0 - right if mirrored else right
        card = self.model.pose.card
        noise = card.get("keypoint_stddev", 0.02)
        return HandPose(
            handedness=RIGHT if right >= 0.5 else LEFT,
            handedness_score=max(right, 1.0 - right),
            score=presence,
            box=hand_box(keypoints),
            keypoints_px=keypoints,
            keypoint_scores=output.get("keypoint_score", np.full(KEYPOINT_COUNT, presence)),
            keypoint_stddev_px=output.get("keypoint_stddev", np.full(KEYPOINT_COUNT, noise))
            * card.get("stddev_gain", 1.0)
            * box.size_px[0],
            normalized_joints=joints,
        )

    def _joints(self, output: dict) -> np.ndarray:
        """Crop-aligned joints (21, 3) of any scale: the network's own, its keypoints with depth, or both."""
        gain = self.model.pose.card.get("depth_gain", 1.0)
        return fused_pose(output.get("joints"), output["keypoints"], output.get("depth"), gain)

    def _input_box(self, box: OrientedBox, stage) -> OrientedBox:
        """``box`` moved so that the crop's pixels are read where the network is used to."""
        shift = -0.5 / stage.input_size if self._reads_corners(stage) else 0.0
        return moved(box, shift, shift)

    def _reads_corners(self, stage) -> bool:
        """True for networks made with MediaPipe's warp (card, ``sampling: corner``), which takes pixel indices for
        coordinates on both sides: input pixel i is read at index i / S of the box, not at (i + 0.5) / S."""
        return stage.card.get("sampling", "centre") == "corner"

    def _run(self, stage, images: list, affines: list, border: str) -> dict[str, np.ndarray]:
        return self._sampler.download(stage(self._sampler.batch(images, affines, stage.input_size, border)))


def _is_left(hand: HandPose | None) -> bool:
    return hand is not None and hand.handedness == LEFT


def distinct(hands: list[HandPose], settings: EstimatorSettings) -> list[HandPose]:
    """Hands without repetitions, in the given order of preference, at most ``max_hands``."""
    kept: list[HandPose] = []
    for hand in hands:
        if all(hand_distance(hand.keypoints_px, other.keypoints_px) >= settings.min_hand_distance for other in kept):
            kept.append(hand)
    return kept[: settings.max_hands]
