"""Ground truth of the demo clip as a file.

JSON: ``schema``, ``licence``, ``fps``, ``width``, ``height``, ``keypoint_names`` and ``frames``; a
frame has ``K`` [fx, fy, cx, cy] and ``hands``; a hand has ``side`` (the person's own), ``keypoints_px`` (21 x 2, centre
of the top-left pixel is 0, 0), ``joints_m`` (21 x 3, camera optical frame), ``visible`` (21 x 0/1) and ``hand_scale_m``
(wrist to middle MCP). Hands with no keypoint inside the image are left out.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hand_pose_ros.hand import KEYPOINT_NAMES
from hand_pose_ros.training.renderer.clip import FPS, HEIGHT, INTRINSICS, WIDTH
from hand_pose_ros.training.renderer.scene import HandLabels

SCHEMA, LICENCE = "hand_pose_ros/clip/1", "rendered by hand_pose_ros from MakeHuman's CC0 files; the clip is CC0 1.0"


def frame_record(labels: list[HandLabels]) -> dict:
    """One frame of the ground truth file."""
    hands = [
        {
            "side": label.handedness,
            "keypoints_px": np.round(label.keypoints_px, 2).tolist(),
            "joints_m": np.round(label.joints_m, 5).tolist(),
            "visible": label.visible.astype(int).tolist(),
            "hand_scale_m": round(label.hand_scale_m, 5),
        }
        for label in labels
    ]
    return {"K": list(INTRINSICS), "hands": hands}


def write_truth(path: Path, frames: list[dict]):
    """Write the ground truth of the whole clip."""
    head = {"schema": SCHEMA, "licence": LICENCE, "fps": FPS, "width": WIDTH, "height": HEIGHT}
    path.write_text(
        json.dumps(head | {"keypoint_names": KEYPOINT_NAMES, "frames": frames}, separators=(",", ":")) + "\n"
    )
