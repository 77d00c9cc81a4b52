"""The MediaPipe package in its own interpreter: raw images on stdin, one JSON line per image on stdout.

Started by the benchmarks with a Python that has ``mediapipe`` (never installed beside this package, whose numpy it
would hold back). Arguments: ``static`` or ``tracking``, largest number of hands, lowest score, model complexity (0, 1).
Each image: width and height as two little-endian uint32, then height x width x 3 bytes RGB.
"""

import contextlib
import json
import os
import struct
import sys
import time

import numpy as np

with contextlib.redirect_stdout(sys.stderr):
    import mediapipe as mp


def main() -> int:
    mode, max_hands, min_score, complexity = sys.argv[1:5]
    hands = mp.solutions.hands.Hands(
        static_image_mode=mode == "static", max_num_hands=int(max_hands), model_complexity=int(complexity),
        min_detection_confidence=float(min_score), min_tracking_confidence=float(min_score),
    )  # fmt: skip
    while len(header := sys.stdin.buffer.read(8)) == 8:
        width, height = struct.unpack("<II", header)
        image = np.frombuffer(sys.stdin.buffer.read(width * height * 3), np.uint8).reshape(height, width, 3)
        started, cpu_started = time.perf_counter(), cpu_seconds()
        result = hands.process(image)
        line = {"wall_s": time.perf_counter() - started, "cpu_s": cpu_seconds() - cpu_started}
        print(json.dumps(line | {"hands": described(result, width, height)}), flush=True)
    return 0


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def described(result, width: int, height: int) -> list:
    """Hands as plain data. MediaPipe assumes a mirrored image: its left is the person's right here."""
    parts = (result.multi_hand_landmarks, result.multi_hand_world_landmarks, result.multi_handedness)
    found = zip(*(part or [] for part in parts), strict=True)
    return [
        {
            "handedness": {"Left": "right", "Right": "left"}[side.classification[0].label],
            "handedness_score": side.classification[0].score,
            "keypoints_px": [[point.x * width, point.y * height] for point in hand.landmark],
            "world_m": [[point.x, point.y, point.z] for point in world.landmark],
        }
        for hand, world, side in found
    ]


if __name__ == "__main__":
    sys.exit(main())
