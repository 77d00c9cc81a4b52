"""Large-scale Multiview 3D Hand Pose Dataset (Gomez-Donoso et al. 2017): four webcams, joints of a Leap Motion device.

``annotated_frames/data_<s>/<n>_webcam_<c>.jpg`` (640 x 480) and ``<n>_joints.txt``: lines ``NAME x y z`` in the
device's frame; ``calibrations/data_<s>/webcam_<c>/{rvec,tvec}.pkl`` lead to the camera. The palm's middle is no
keypoint of ours and the wrist is not labelled; the side is not stated. Lengths are millimetres.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.training.datasets.array_pickle import read_pickle
from hand_pose_ros.training.datasets.metric_label import MM, placed_at, projected_label
from hand_pose_ros.training.sample import Sample

WIDTH, HEIGHT = 640, 480
INTRINSICS = np.array([[614.878, 0, 313.219], [0, 615.479, 231.288], [0, 0, 1]])
DISTORTION = (0.092701, -0.175877, -0.0035687, -0.00302299, 0.0)
FINGERS = ("TH", "F4", "F3", "F2", "F1")
BONES = ("KNU1_B", "KNU1_A", "KNU2_A", "KNU3_A")
KEYPOINTS = {f"{finger}_{bone}": 1 + 4 * f + b for f, finger in enumerate(FINGERS) for b, bone in enumerate(BONES)}
"""The dataset's names and our keypoints: F1 is the little finger; KNU1_B lies nearest to the palm."""


def read_lsmv(folder: str | Path, split: str = "all") -> list[Sample]:
    """Samples of one sequence (``data_1``) or of ``all``."""
    frames = Path(folder) / "annotated_frames"
    sequences = [path for path in sorted(frames.glob("data_*")) if split in (path.name, "all")]
    if not sequences:
        raise ValueError(f"{frames}: no {'data_*' if split == 'all' else split}: give the dataset's folder")
    return [sample for sequence in sequences for sample in _sequence(sequence)]


def _sequence(folder: Path) -> list[Sample]:
    calibrations = folder.parent.parent / "calibrations" / folder.name
    camera = CameraModel(WIDTH, HEIGHT, INTRINSICS, DISTORTION)
    names = ("rvec", "tvec")
    poses = {
        path.name: [np.ravel(read_pickle(path / f"{name}.pkl")).astype(float) for name in names]
        for path in calibrations.glob("webcam_*")
    }
    return [
        _sample(image, poses, camera) for image in sorted(folder.glob("*_webcam_*.jpg"), key=lambda path: _number(path))
    ]


def _number(path: Path) -> tuple[int, str]:
    frame, _, webcam = path.stem.partition("_")
    return int(frame), webcam


def _sample(image: Path, poses: dict, camera: CameraModel) -> Sample:
    number, webcam = _number(image)
    if webcam not in poses:
        raise ValueError(f"{image}: no calibration of {webcam}; there are: {', '.join(sorted(poses)) or 'none'}")
    rotation, translation = poses[webcam]
    joints = _joints(image.with_name(f"{number}_joints.txt")) @ cv2.Rodrigues(rotation)[0].T + translation
    return Sample(image, WIDTH, HEIGHT, (projected_label(MM * joints, camera, None),), camera, "lsmv")


def _joints(path: Path) -> np.ndarray:
    """(21, 3) millimetres in the device's frame, NaN for the wrist."""
    rows = {parts[0]: parts[1:4] for parts in map(str.split, path.read_text().splitlines()) if parts}
    missing = sorted(set(KEYPOINTS) - set(rows))
    if missing:
        raise ValueError(f"{path}: lacks {', '.join(missing)}")
    return placed_at(KEYPOINTS.values(), np.array([rows[name] for name in KEYPOINTS], float))
