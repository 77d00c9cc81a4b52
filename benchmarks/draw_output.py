"""Draw docs/output.png: two frames of the demo clip as the package sees them, and the hands in metres beside the truth.

python benchmarks/draw_output.py docs/output.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import matplotlib
import numpy as np

from hand_pose_ros.calibration_file import read_calibration
from hand_pose_ros.hand import BONES
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.networks.model_card import DEFAULT_MODEL
from hand_pose_ros.overlay import draw_hands
from hand_pose_ros.pipeline import Frame, HandPosePipeline

matplotlib.use("Agg")
from matplotlib import pyplot

DEMO = Path(__file__).parents[1] / "demo"
SHOWN = (135, 225)


def main() -> None:
    camera = read_calibration(DEMO / "calibration.yaml")
    truth = json.loads((DEMO / "hand_demo.json").read_text())["frames"]
    pipeline, clip = HandPosePipeline(load_model(DEFAULT_MODEL, "cpu")), cv2.VideoCapture(str(DEMO / "hand_demo.mp4"))
    figure = pyplot.figure(figsize=(12.0, 4.4 * len(SHOWN)), constrained_layout=True)
    for number in range(max(SHOWN) + 1):
        image = cv2.cvtColor(clip.read()[1], cv2.COLOR_BGR2RGB)
        [hands] = pipeline.process([Frame(image, number / 30.0, camera)])
        if number in SHOWN:
            row = SHOWN.index(number)
            axis = figure.add_subplot(len(SHOWN), 2, 2 * row + 1)
            axis.imshow(draw_hands(image.copy(), hands))
            axis.set_axis_off()
            draw_space(figure.add_subplot(len(SHOWN), 2, 2 * row + 2, projection="3d"), hands, truth[number]["hands"])
    figure.savefig(sys.argv[1], dpi=75)


def draw_space(axis, hands, labels) -> None:
    """Camera axes turned for the eye: x right, z away, -y up."""
    for label in labels:
        skeleton(axis, np.array(label["joints_m"]), "0.6", 1.2)
    for hand in hands:
        skeleton(axis, hand.joints_m, "tab:orange" if hand.handedness == "right" else "tab:blue", 2.2)
        wrist = hand.joints_m[0]
        text = f"{hand.handedness} wrist\n({', '.join(f'{v:.2f}' for v in wrist)}) m"
        axis.text(wrist[0], wrist[2], -wrist[1] - 0.05, text, fontsize=8, ha="center", va="top")
    axis.set(xlabel="x (m)", ylabel="z (m)", zlabel="-y (m)")
    axis.set_title("joints in metres, camera frame (grey: truth)", fontsize=10)
    axis.locator_params(nbins=3)
    axis.tick_params(labelsize=7)
    axis.set_aspect("equal")
    axis.view_init(elev=18, azim=-62)


def skeleton(axis, joints, colour, width) -> None:
    for first, second in BONES:
        x, y, z = joints[[first, second]].T
        axis.plot(x, z, -y, color=colour, linewidth=width, solid_capstyle="round")


if __name__ == "__main__":
    main()
