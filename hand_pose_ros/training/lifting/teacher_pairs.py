"""What an image model says of rendered hands whose truth is known: pairs to learn its errors from.

Each picture shows one rendered hand of random shape, pose, side, viewpoint, skin and light, off the optical axis too;
the model looks at it in the crop that tracking would use, jittered as much as a localiser's crops are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.crop import moved, square_box
from hand_pose_ros.estimator import HandEstimator
from hand_pose_ros.hand import LEFT, RIGHT, OrientedBox
from hand_pose_ros.lifting import whole_hand
from hand_pose_ros.training.renderer.crops import CropBatch, CropRenderer
from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.viewpoint import ViewSettings
from hand_pose_ros.training.split import TRAIN

SIZE = 256
# The crop's jitter, between tracking's and the palm detector's: on 302 hands in training photographs the detector's
# crop differs from tracking's by 0.09 in the logarithm of its size, 7 degrees (robustly), 0.045 of its side.
TURN_DEG, STRETCH, SHIFT = 6.0, 0.06, 0.035
# The errors are the lifter's to learn, not the hidden hands: nothing is held, nothing stands before the hand.
SCENES = SceneSettings(
    second_hand=0.0, held=0.0, occluder=0.0, empty=0.0, view=ViewSettings(smallest=0.4, largest=0.62, roll_deg=360.0)
)


@dataclass
class TeacherPairs:
    """N hands: the truth and what the model said."""

    keypoints_px: np.ndarray
    """(N, 21, 2) the model's."""
    guess: np.ndarray
    """(N, 21, 3) the model's normalised joints, camera axes."""
    joints_m: np.ndarray
    """(N, 21, 3) truth, metres, camera optical frame."""
    intrinsics: np.ndarray
    """(N, 4) fx, fy, cx, cy in pixels of a picture of SIZE x SIZE."""
    left: np.ndarray
    """(N,) bool, truth."""
    said_left: np.ndarray
    """(N,) bool, the model's."""
    score: np.ndarray
    """(N,) how sure the model is of the whole hand (``lifting.whole_hand``); MediaPipe's presence."""

    def save(self, path: Path):
        """Write as .npz."""
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> TeacherPairs:
        """Read what ``save`` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


def collect(
    estimator: HandEstimator, makehuman: Path, count: int, seed: int, progress=lambda _: None, split: str = TRAIN
) -> TeacherPairs:
    """Show ``count`` random hands of a ``split`` to the model. Hands that it does not see are left out."""
    scenes = replace(SCENES, split=split)
    crops, generator = CropRenderer(makehuman, SIZE, seed, scenes, subdivisions=1), np.random.default_rng(seed + 1)
    rows = []
    for _ in range(count):
        row = _pair(estimator, crops.batch(1), generator)
        progress(1)
        if row is not None:
            rows.append(row)
    if not rows:
        raise ValueError(
            f"the model saw none of {count} rendered hands: show it more, or check the renderer's pictures"
        )
    return TeacherPairs(*(np.stack(column) for column in zip(*rows, strict=True)))


def _pair(estimator: HandEstimator, crop: CropBatch, generator: np.random.Generator) -> tuple | None:
    if not crop.present[0]:
        return None
    box = _jittered(estimator.pose_crop(crop.keypoints_px[0] + generator.normal(0.0, 2.0, (21, 2))), generator)
    camera = CameraModel(SIZE, SIZE, crop.camera_matrix[0])
    side = LEFT if crop.left[0] else RIGHT
    seen = estimator.observe([crop.images[0]], [[box]], [camera], [[side]])[0][0]
    if seen is None:
        return None
    return (
        seen.keypoints_px, seen.normalized_joints, crop.joints_m[0].astype(np.float64), np.array(camera.intrinsics),
        crop.left[0], np.array(seen.handedness == LEFT), whole_hand(seen.keypoint_scores),
    )  # fmt: skip


def _jittered(box: OrientedBox, generator: np.random.Generator) -> OrientedBox:
    box = moved(box, *generator.normal(0.0, SHIFT, 2))
    side = box.size_px[0] * np.exp(generator.normal(0.0, STRETCH))
    return square_box(box.centre_px, side, box.angle_rad + np.radians(generator.normal(0.0, TURN_DEG)))
