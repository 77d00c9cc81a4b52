"""GANerated Hands (Mueller et al. 2018): ``data/{noObject,withObject}/<part>/<n>_*``, crops of 256 x 256, left hands.

``_joint2D.txt`` 42 numbers in pixels of the crop; ``_joint_pos_global.txt`` 63 in millimetres; ``_crop_params.txt``
left, top and enlargement of the crop in a 640 x 480 image. Keypoints in our order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.datasets.metric_label import MM, numbers_of
from hand_pose_ros.training.sample import HandLabel, Sample

SIZE = 256
INTRINSICS = (617.173, 617.173, 315.453, 242.259)
PARTS = ("noObject", "withObject")
LARGEST_MISFIT_PX = 4.0
"""Mean distance between stated and projected keypoints beyond which the camera is not believed."""


def read_ganerated(folder: str | Path, split: str = "all") -> list[Sample]:
    """Samples below ``data/``; ``split`` is ``noObject``, ``withObject`` or ``all``. There is no test part."""
    if split not in (*PARTS, "all"):
        raise ValueError(f"split is {split!r}: GANerated has {', '.join(PARTS)}, all")
    parts = PARTS if split == "all" else (split,)
    images = [path for part in parts for path in sorted((Path(folder) / "data" / part).glob("*/*_color_composed.png"))]
    if not images:
        raise ValueError(
            f"{folder}: no data/{'|'.join(parts)}/<part>/<n>_color_composed.png: give GANeratedHands_Release"
        )
    return [_sample(image) for image in images]


def _sample(image: Path) -> Sample:
    stem = image.name.removesuffix("_color_composed.png")
    keypoints = numbers_of(image.with_name(f"{stem}_joint2D.txt"), 42).reshape(21, 2)
    joints = MM * numbers_of(image.with_name(f"{stem}_joint_pos_global.txt"), 63).reshape(21, 3)
    camera = _camera(numbers_of(image.with_name(f"{stem}_crop_params.txt"), 3), keypoints, joints)
    return Sample(image, SIZE, SIZE, (HandLabel(keypoints, LEFT, joints),), camera, "ganerated")


def _camera(crop: np.ndarray, keypoints: np.ndarray, joints: np.ndarray) -> CameraModel | None:
    """The crop's intrinsics, or None where they do not lead from the joints to the keypoints."""
    left, top, enlargement = crop
    fx, fy, cx, cy = INTRINSICS
    values = (fx * enlargement, fy * enlargement, (cx - left) * enlargement, (cy - top) * enlargement)
    try:
        camera = CameraModel.from_intrinsics(SIZE, SIZE, values)
    except ValueError:
        return None
    misfit = np.linalg.norm(camera.project(joints) - keypoints, axis=1).mean()
    return camera if misfit <= LARGEST_MISFIT_PX else None
