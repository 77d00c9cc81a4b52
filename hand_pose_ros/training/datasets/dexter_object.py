"""Dexter+Object (Sridhar et al. 2016): fingertips of left hands that hold a cube; evaluation only.

``data/<sequence>/color/*.png`` (640 x 480) and ``data/<sequence>/annotations/<sequence>{2D,3D}.txt``, one line per
image: thumb to little finger, then the cube. Calibrations are those of the dataset's own description.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.datasets.fingertip_file import fingertip_label, fingertips_mm
from hand_pose_ros.training.sample import Sample

SEQUENCES = ("Grasp1", "Grasp2", "Occlusion", "Rigid", "Pinch", "Rotate")
COLOUR = CameraModel.from_intrinsics(640, 480, (587.45209, 600.67456, 325.0, 249.0))
DEPTH = CameraModel.from_intrinsics(320, 240, (224.502, 230.494, 160.0, 120.0))
TO_COLOUR_MM = np.array(
    [[0.9999, 0.0034, 0.0161, 19.0473], [-0.0033, 1.0, -0.0079, -1.8514], [-0.0162, 0.0079, 0.9998, -4.7501]]
)


def read_dexter_object(folder: str | Path, split: str = "all") -> list[Sample]:
    """Samples of one sequence, or of ``all`` that are there."""
    folder = Path(folder)
    if split not in (*SEQUENCES, "all"):
        raise ValueError(f"split is {split!r}: Dexter+Object has {', '.join(SEQUENCES)}, all")
    names = [name for name in SEQUENCES if split in (name, "all") and (folder / "data" / name).is_dir()]
    if not names:
        raise ValueError(f"{folder}: no data/<sequence> of {', '.join(SEQUENCES)}: give the dataset's folder")
    return [sample for name in names for sample in _sequence(folder / "data" / name)]


def _sequence(folder: Path) -> list[Sample]:
    images, notes = sorted((folder / "color").glob("*.png")), folder / "annotations"
    tips = fingertips_mm(notes / f"{folder.name}2D.txt", notes / f"{folder.name}3D.txt", DEPTH)
    if len(images) != len(tips):
        raise ValueError(f"{folder}: {len(images)} colour images and {len(tips)} annotations; they must be as many")
    return [
        Sample(image, 640, 480, (fingertip_label(points, TO_COLOUR_MM, COLOUR, LEFT),), COLOUR, "dexter_object")
        for image, points in zip(images, tips, strict=True)
        if np.isfinite(points).any()
    ]
