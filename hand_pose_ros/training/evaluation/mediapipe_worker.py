"""The MediaPipe package's own hands as JSON lines, run by another Python that has it (it wants numpy < 2).

    PYTHON mediapipe_worker.py LIST.json OUTPUT.jsonl [--complexity 0|1] [--score 0.3] [--max-hands 2]

LIST.json: [{"image": path, "K": [fx, fy, cx, cy] or null}, ...]. Static images. Metres: its world landmarks placed by
OpenCV's SQPnP, which is what its users do; the hand scale is the one of its world landmarks. MediaPipe names sides for
a mirrored image; here they are exchanged: ``right`` is the person's own right hand.
Stands alone on purpose: nothing of this project can be imported where it runs.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np


def main():
    """Predict every image of the list."""
    parser = argparse.ArgumentParser()
    parser.add_argument("list")
    parser.add_argument("output")
    parser.add_argument("--complexity", type=int, default=1)
    parser.add_argument("--score", type=float, default=0.3)
    parser.add_argument("--max-hands", type=int, default=2)
    args = parser.parse_args()
    from mediapipe.python.solutions.hands import Hands

    hands = Hands(
        static_image_mode=True,
        model_complexity=args.complexity,
        max_num_hands=args.max_hands,
        min_detection_confidence=args.score,
    )
    with Path(args.output).open("w") as output:
        for entry in json.loads(Path(args.list).read_text()):
            output.write(json.dumps(predict(hands, entry)) + "\n")


def predict(hands, entry) -> dict:
    """One line of the output."""
    image = cv2.cvtColor(
        cv2.imread(entry["image"], cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION), cv2.COLOR_BGR2RGB
    )
    start = time.perf_counter()
    result = hands.process(image)
    milliseconds = 1e3 * (time.perf_counter() - start)
    found = zip(
        result.multi_hand_landmarks or [], result.multi_hand_world_landmarks or [], result.multi_handedness or [],
        strict=True,
    )  # fmt: skip
    described = [describe(*hand, image.shape[1], image.shape[0], entry.get("K")) for hand in found]
    return {"image": entry["image"], "milliseconds": milliseconds, "hands": described}


def describe(landmarks, world, side, width, height, intrinsics) -> dict:
    """One hand: pixels, side, and metres where ``intrinsics`` are known."""
    # MediaPipe's normalised coordinates are continuous: 0 is the image's edge; pixel centres lie at halves.
    pixels = np.array([[p.x * width - 0.5, p.y * height - 0.5] for p in landmarks.landmark])
    shape = np.array([[p.x, p.y, p.z] for p in world.landmark])
    label = side.classification[0]
    hand = {
        "handedness": "left" if label.label == "Right" else "right",
        "handedness_score": label.score,
        "score": 1.0,
        "keypoints_px": pixels.tolist(),
        "hand_scale_m": float(np.linalg.norm(shape[9] - shape[0])),
        "joints_m": None,
    }
    if intrinsics:
        fx, fy, cx, cy = intrinsics
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
        solved, rotation, translation = cv2.solvePnP(shape, pixels, matrix, None, flags=cv2.SOLVEPNP_SQPNP)
        if solved:
            hand["joints_m"] = (shape @ cv2.Rodrigues(rotation)[0].T + translation.ravel()).tolist()
            hand["world_landmarks_m"] = shape.tolist()
    return hand


if __name__ == "__main__":
    main()
