"""EgoDexter (Mueller et al. 2017): fingertips of left hands seen from the head, among things; evaluation only.

``data/<sequence>/color/*.png`` (640 x 480), ``annotation.txt`` (pixels of the depth image) and
``annotation.txt_3D.txt`` (millimetres), one line per image: thumb to little finger; -1 or 0 where a fingertip is not
seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.datasets.fingertip_file import fingertip_label, fingertips_mm
from hand_pose_ros.training.sample import Sample

COLOUR = CameraModel.from_intrinsics(640, 480, (617.173, 617.173, 315.453, 242.259))
DEPTH = CameraModel.from_intrinsics(640, 480, (475.62, 475.62, 311.125, 245.965))
TO_COLOUR_MM = np.array(
    [[1.0, 0.00090442, -0.0074, 20.2365], [-0.00071933, 0.9997, 0.0248, 1.2846], [0.0075, -0.0248, 0.9997, 5.7360]]
)


def read_egodexter(folder: str | Path, split: str = "all") -> list[Sample]:
    """Samples with at least one annotated fingertip, of one sequence (``Desk``, ``Fruits``, ...) or of ``all``."""
    sequences = sorted(path for path in (Path(folder) / "data").glob("*") if (path / "annotation.txt").is_file())
    chosen = [path for path in sequences if split in (path.name, "all")]
    if not chosen:
        names = ", ".join(path.name for path in sequences) or "none"
        raise ValueError(f"{folder}: no data/{split}/annotation.txt; there are: {names}")
    return [sample for sequence in chosen for sample in _sequence(sequence)]


def _sequence(folder: Path) -> list[Sample]:
    images = sorted((folder / "color").glob("*.png"))
    tips = fingertips_mm(folder / "annotation.txt", folder / "annotation.txt_3D.txt", DEPTH)
    if len(images) != len(tips):
        raise ValueError(f"{folder}: {len(images)} colour images and {len(tips)} annotations; they must be as many")
    return [
        Sample(image, 640, 480, (fingertip_label(points, TO_COLOUR_MM, COLOUR, LEFT),), COLOUR, "egodexter")
        for image, points in zip(images, tips, strict=True)
        if np.isfinite(points).any()
    ]
