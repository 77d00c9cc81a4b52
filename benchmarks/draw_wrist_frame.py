"""Draw the wrist's frame on both hands: python benchmarks/draw_wrist_frame.py docs/wrist_frame.png"""

from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from hand_pose_ros.hand import BONES, LEFT, RIGHT
from hand_pose_ros.kinematics import wrist_pose
from hand_pose_ros.training.mean_hand import mean_hand

PALM = [0, 1, 5, 9, 13, 17, 0]
AXES = (("x", "#d62728"), ("y", "#2ca02c"), ("z", "#1f77b4"))


def main(path: str) -> None:
    figure = plt.figure(figsize=(9, 4.6))
    right = mean_hand(curl=(0.35, 0.15, 0.15, 0.2, 0.25))
    for column, (side, joints) in enumerate(((LEFT, right * (-1, 1, 1)), (RIGHT, right))):
        axes = figure.add_subplot(1, 2, 1 + column, projection="3d")
        draw(axes, joints, side)
    figure.suptitle("Wrist frame, both hands seen from the back: x to the middle MCP, z out of the back, y = z × x")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def draw(axes, joints, side: str) -> None:
    """A hand with fingers up; the drawing's vertical axis is the camera's -y, the viewer looks at the back (+z)."""
    shown = joints * (1.0, -1.0, 1.0)
    for parent, child in BONES:
        axes.plot(*line(shown[parent], shown[child]), color="#555555", linewidth=3, solid_capstyle="round")
    axes.plot(*shown[PALM][:, [0, 2, 1]].T, color="#bbbbbb", linewidth=1)
    axes.scatter(*shown[:, [0, 2, 1]].T, color="#222222", s=14)
    position, rotation = wrist_pose(joints, side)
    start = position * (1.0, -1.0, 1.0)
    for (name, colour), axis in zip(AXES, rotation.T, strict=True):
        end = start + 0.75 * axis * (1.0, -1.0, 1.0)
        axes.plot(*line(start, end), color=colour, linewidth=3)
        axes.text(*(end + 0.12 * (end - start))[[0, 2, 1]], name, color=colour, fontsize=15, fontweight="bold")
    axes.text(*(shown[4] + (0, 0.12, 0))[[0, 2, 1]], "thumb", fontsize=9, color="#555555", ha="center")
    axes.set_title(f"{side} hand", y=0.98)
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1)
    axes.set_zlim(-1.1, 1.1)
    axes.set_box_aspect((1, 1, 1.1), zoom=1.3)
    axes.view_init(elev=18, azim=62)
    axes.set_axis_off()


def line(first, second) -> np.ndarray:
    return np.stack([first, second], axis=1)[[0, 2, 1]]


if __name__ == "__main__":
    main(sys.argv[1])
