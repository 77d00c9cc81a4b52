"""The teacher: from a photograph to hands on which its looks agree, and the reasons for those left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import LEFT, RIGHT, HandPose
from hand_pose_ros.networks.build import HandModel
from hand_pose_ros.region import hand_distance
from hand_pose_ros.training.pseudo_labels.agreement import AgreedHand, AgreementSettings, DisagreementError, agree
from hand_pose_ros.training.pseudo_labels.looks import look

SMALL_PX, ENLARGED_PX = 240, 400
"""Photographs with a longer side below the first are enlarged to the second: the palm detector and the pose network
see 192 and 224 pixels, and interpolate badly what they must enlarge themselves."""
MARGIN = 0.25
"""Hands that fill a picture are looked for again with this share of it added on every side."""
ASSUMED_FOCAL = 1.2
"""Focal length over the longer side of a photograph, for the lifter only: these photographs are crops of about 70 %
of frames whose focal length is about 0.85 of their width (61 degrees)."""


@dataclass
class Finding:
    """What the teacher says about one photograph."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB, perhaps enlarged and with a margin: the image to which all pixels refer."""
    hands: list[LabelledHand]
    rejected: Counter
    """How many places were left out, by reason."""
    places: list
    """Oriented boxes of all places where a hand may be, taken or not: negatives keep away from them."""


@dataclass(frozen=True)
class LabelledHand:
    """An agreed hand with the lifter's answer, None for a teacher without a lifter."""

    seen: AgreedHand
    joints: np.ndarray
    """(21, 3) normalised, image axes: the lifter's, or the image network's own."""
    centres_px: np.ndarray | None
    """(21, 2) where the lifter sees the joints' centres."""


class Teacher:
    """Labels photographs with the networks of ``model`` (``mediapipe_lifted``)."""

    def __init__(self, model: HandModel, settings: AgreementSettings | None = None):
        self._settings = settings or AgreementSettings()
        thresholds = EstimatorSettings(max_hands=4, min_score=0.3, min_presence=0.3)
        self._estimator = HandEstimator(model, thresholds)

    def __call__(self, photograph: np.ndarray) -> Finding:
        """Hands of a photograph (H, W, 3) uint8 RGB."""
        image = enlarged(photograph)
        finding = self._find(image)
        if not finding.hands:
            wider = self._find(with_margin(image))
            finding = wider if wider.hands else finding
        return finding

    def presence(self, image: np.ndarray, boxes: list) -> list[float]:
        """Presence in each of ``boxes``; 0 below the teacher's own threshold."""
        [hands] = self._estimator.observe([image], [boxes], [None])
        return [0.0 if hand is None else hand.score for hand in hands]

    def _find(self, image: np.ndarray) -> Finding:
        [places] = self._estimator.detect([image])
        finding = Finding(image, [], Counter(), [place.box for place in places])
        for place in places:
            try:
                seen = self._agreed(image, place.box)
            except DisagreementError as reason:
                finding.rejected[str(reason)] += 1
                continue
            if all(hand_distance(seen.keypoints_px, other.seen.keypoints_px) > 0.2 for other in finding.hands):
                finding.hands.append(self._lifted(image, seen))
        return finding

    def _agreed(self, image: np.ndarray, box) -> AgreedHand:
        """Two rounds: the palm detector's crop, then the crop that the first round's keypoints ask for."""
        [[first]] = self._estimator.observe([image], [[box]], [None])
        if first is None:
            raise DisagreementError("blind")
        return agree(look(self._estimator, image, self._estimator.pose_crop(first.keypoints_px)), self._settings)

    def _lifted(self, image: np.ndarray, seen: AgreedHand) -> LabelledHand:
        camera = assumed_camera(seen, image)
        pose = HandPose(
            handedness=RIGHT if seen.right else LEFT, handedness_score=1.0, score=seen.presence,
            box=None, keypoints_px=seen.keypoints_px, keypoint_scores=seen.confidence,
            keypoint_stddev_px=np.ones(21), normalized_joints=seen.joints,
        )  # fmt: skip
        [[hand]] = self._estimator.lift([[pose]], [camera])
        return LabelledHand(seen, hand.normalized_joints, hand.joint_centres_px)


def assumed_camera(seen: AgreedHand, image: np.ndarray) -> CameraModel:
    """A camera of ``ASSUMED_FOCAL`` that looks straight at the hand, as image networks take every crop to be seen."""
    height, width = image.shape[:2]
    x, y = (seen.keypoints_px.min(axis=0) + seen.keypoints_px.max(axis=0)) / 2
    focal = ASSUMED_FOCAL * max(width, height)
    return CameraModel.from_intrinsics(width, height, (focal, focal, float(x), float(y)))


def enlarged(image: np.ndarray) -> np.ndarray:
    """The image, or a larger one where it is small."""
    longer = max(image.shape[:2])
    if longer >= SMALL_PX:
        return image
    scale = ENLARGED_PX / longer
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def with_margin(image: np.ndarray) -> np.ndarray:
    """The image with its edges repeated outwards."""
    height, width = (int(MARGIN * side) for side in image.shape[:2])
    return cv2.copyMakeBorder(image, height, height, width, width, cv2.BORDER_REPLICATE)
