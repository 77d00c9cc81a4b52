"""The MediaPipe package, tracking, on a file of frames; started by benchmarks/speed.py with a Python that has it."""

from __future__ import annotations

import contextlib
import sys

from frame_file import run_worker  # beside this script

with contextlib.redirect_stdout(sys.stderr):
    import mediapipe as mp


def make(args):
    """The legacy solution, which is what ROS packages use. Options: model_complexity."""
    hands = mp.solutions.hands.Hands(
        static_image_mode=False, max_num_hands=args.max_hands, model_complexity=args.options.get("model_complexity", 1)
    )
    return lambda image: len(hands.process(image).multi_hand_landmarks or [])


if __name__ == "__main__":
    sys.exit(run_worker(make, __doc__))
