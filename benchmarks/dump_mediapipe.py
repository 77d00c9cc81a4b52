"""What the MediaPipe package says about labelled images, for benchmarks/eval_absolute.py. Run it in a venv of its own:

    python -m venv venv
    venv/bin/pip install mediapipe==0.10.21
    venv/bin/python benchmarks/dump_mediapipe.py DATA OUT.npz

Full model, static images, threshold 0.3; of two hands the one nearest the label counts. Pixels are converted to this
project's convention (the centre of the top-left pixel is 0, 0).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np


def main(data: Path, out: Path) -> None:
    items = json.loads((data / "index.json").read_text())
    keypoints, world = np.full((len(items), 21, 2), np.nan), np.full((len(items), 21, 3), np.nan)
    options = {"static_image_mode": True, "max_num_hands": 2, "model_complexity": 1, "min_detection_confidence": 0.3}
    with mediapipe.solutions.hands.Hands(**options) as hands:
        for n, item in enumerate(items):
            image = cv2.cvtColor(cv2.imread(str(data / item["image"])), cv2.COLOR_BGR2RGB)
            found = hands.process(image)
            pairs = zip(found.multi_hand_landmarks or (), found.multi_hand_world_landmarks or (), strict=True)
            candidates = [(pixels(marks, image.shape), metres(marks_3d)) for marks, marks_3d in pairs]
            if candidates:
                keypoints[n], world[n] = min(candidates, key=lambda pair: distance(pair[0], item))
    np.savez(out, image=[item["image"] for item in items], keypoints_px=keypoints, world_m=world)


def pixels(marks, shape) -> np.ndarray:
    return np.array([[mark.x * shape[1] - 0.5, mark.y * shape[0] - 0.5] for mark in marks.landmark])


def metres(marks) -> np.ndarray:
    return np.array([[mark.x, mark.y, mark.z] for mark in marks.landmark])


def distance(keypoints, item) -> float:
    visible = np.array(item["vis"] or [1] * 21) > 0
    return np.linalg.norm(keypoints - np.array(item["kp2d"]), axis=1)[visible].mean()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
