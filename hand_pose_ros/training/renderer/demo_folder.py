"""The folder of the demo clip: video, ground truth, calibration and licence, made in one go."""

from __future__ import annotations

from pathlib import Path

from hand_pose_ros.training.renderer.clip import FPS, HEIGHT, INTRINSICS, SECONDS, WIDTH, ClipRenderer
from hand_pose_ros.training.renderer.clip_truth import frame_record, write_truth
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.video import VideoWriter

FRAME_COUNT = round(FPS * SECONDS)
VIDEO, TRUTH, CALIBRATION, NOTE = "hand_demo.mp4", "hand_demo.json", "calibration.yaml", "LICENSE.txt"
NOTE_TEXT = """\
hand_demo.mp4 and hand_demo.json were rendered by `hand_pose_ros render clip` of this project from the files of
MakeHuman (base mesh, rig, weights, shape targets, one skin texture), which their holders released as CC0 1.0. No real
person, no photograph and no third-party footage is in them. They are dedicated to the public domain under CC0 1.0
(https://creativecommons.org/publicdomain/zero/1.0/).
"""


def calibration_text() -> str:
    """The clip's intrinsics in the format of ROS's camera_calibration."""
    fx, fy, cx, cy = INTRINSICS
    camera = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    projection = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    parts = [("camera_matrix", 3, 3, camera), ("distortion_coefficients", 1, 5, [0.0] * 5),
             ("rectification_matrix", 3, 3, [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]),
             ("projection_matrix", 3, 4, projection)]  # fmt: skip
    lines = [
        f"image_width: {WIDTH}",
        f"image_height: {HEIGHT}",
        "camera_name: hand_demo",
        "distortion_model: plumb_bob",
    ]
    for name, rows, columns, data in parts:
        lines += [f"{name}:", f"  rows: {rows}", f"  cols: {columns}", f"  data: {[float(x) for x in data]}"]
    return "\n".join(lines) + "\n"


def write_demo(makehuman: Path, output: Path, progress=lambda: None):
    """Render the clip into ``output``; ``progress()`` is called after every frame (``FRAME_COUNT`` of them)."""
    renderer = ClipRenderer(MakeHumanFolder(makehuman))
    output.mkdir(parents=True, exist_ok=True)
    records = []
    with VideoWriter(output / VIDEO, WIDTH, HEIGHT, FPS) as video:
        for number in range(FRAME_COUNT):
            picture, labels = renderer.frame(number)
            video.write(picture)
            records.append(frame_record(labels))
            progress()
    write_truth(output / TRUTH, records)
    (output / CALIBRATION).write_text(calibration_text())
    (output / NOTE).write_text(NOTE_TEXT)
