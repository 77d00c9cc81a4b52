"""A published dataset as a source of the trainer."""

from __future__ import annotations

import json

import cv2
import numpy as np

from hand_pose_ros.training.trainer.data import Stores, open_source
from hand_pose_ros.training.trainer.task import Task


def test_a_dataset_by_its_format_is_a_source(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((120, 160, 3), 90, np.uint8))
    points = np.stack([np.linspace(40, 100, 21), np.linspace(90, 30, 21)], axis=1)
    entry = {"image": "a.png", "width": 160, "height": 120, "hand": "left", "kp2d": points.tolist()}
    (tmp_path / "index.json").write_text(json.dumps([entry]))
    blocks = {"published": {"kind": "samples", "datasets": [f"index:{tmp_path}"], "size": 64}}
    batch = open_source(Task(None), blocks, 0, Stores(tmp_path)).batch(3)
    assert batch.images.shape == (3, 3, 64, 64)
    assert (batch.right == 0).all()
    assert (batch.keypoint_weight > 0).all()
