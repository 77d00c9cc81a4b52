"""Rendered images on disk as an ``index.json`` set, for ``hand_pose_ros evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.renderer.frames import Frame, FrameRenderer


def write_frames(renderer: FrameRenderer, folder: Path, count: int, progress=lambda: None) -> int:
    """Write ``count`` images and their ``index.json``; returns how many hands. OSError if that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number in range(count):
        frame = renderer.frame()
        name = f"{number:05d}.png"
        if not cv2.imwrite(str(folder / name), frame.image[..., ::-1]):
            raise OSError(f"{folder / name}: cannot write")
        entries += entries_of(frame, name)
        progress()
    (folder / "index.json").write_text(json.dumps(entries))
    return sum(entry["kp2d"] is not None for entry in entries)


def entries_of(frame: Frame, name: str) -> list[dict]:
    """Entries of the index for one image: one per hand, or one that says there is none."""
    height, width = frame.image.shape[:2]
    k = frame.camera_matrix
    head = {
        "source": "rendered", "image": name, "width": width, "height": height, "exhaustive": True,
        "K": [float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2])],
    }  # fmt: skip
    if not frame.labels:
        return [head | {"hand": None, "kp2d": None, "xyz_m": None, "vis": None}]
    return [
        head
        | {
            "hand": label.handedness,
            "kp2d": np.round(label.keypoints_px, 3).tolist(),
            "xyz_m": np.round(label.joints_m, 6).tolist(),
            "vis": label.visible.astype(int).tolist(),
        }
        for label in frame.labels
    ]
