"""Where is the hand? The closed form, least squares and place() on simulated hands, by what disturbs them.

    python benchmarks/root_depth.py [--hands 400] [--markdown docs/geometry.md]

A hand of random proportions (5 to 8 % per bone), curl and roll is seen by a 1280 x 720 camera of 70 degrees. Pixels get
independent noise. The pose gets, times the pose noise of the row: 4 % of the hand scale per joint and axis (6 % along
the view), fingers tilted out of the image by up to 15 % at their tips, 20 % of relief, 5 % of size, and a turn of 10
degrees out of the image and 3 in it. The hand scale is known. Errors are root mean squares over hands: of the depth of
the middle MCP in percent of the distance, and of the joints' distance from the truth in millimetres.
"""

from __future__ import annotations

import argparse
import platform
import time
from datetime import date
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import MIDDLE_MCP, HandScale
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.root_depth import place, root_depth_closed_form, root_least_squares
from hand_pose_ros.skeleton_fit import LENGTH_STDDEV, LENGTHS, TURN_STDDEV
from hand_pose_ros.training.mean_hand import mean_hand

CAMERA = CameraModel.from_fov(1280, 720, 70.0)
SCALE = HandScale(0.0955, 0.0, "user")
USUAL = {"pixel noise": 3.0, "pose noise": 1.0, "distance": 0.6, "palm tilt": 20.0, "off axis": 5.0}
ROWS = {
    "pixel noise": ("px", (1.0, 2.0, 4.0, 8.0)),
    "pose noise": ("x", (0.0, 0.5, 1.0, 2.0)),
    "distance": ("m", (0.3, 0.6, 1.2, 2.5)),
    "palm tilt": ("deg", (0.0, 30.0, 60.0, 85.0)),
    "off axis": ("deg", (0.0, 15.0, 30.0)),
}
MARKS = "<!-- root_depth begin -->", "<!-- root_depth end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hands", type=int, default=400, help="simulated hands per row")
    parser.add_argument("--markdown", type=Path, help="file whose marked part is replaced by the table")
    args = parser.parse_args()
    text = table(args.hands)
    print(text)
    if args.markdown:
        before, rest = args.markdown.read_text().split(MARKS[0])
        args.markdown.write_text(before + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.split(MARKS[1])[1])


def table(hands: int) -> str:
    lines = [
        f"{date.today()}, {platform.machine()}, {hands} hands per row. Unless varied:",
        ", ".join(f"{name} {value:g} {ROWS[name][0]}" for name, value in USUAL.items()) + ".",
        "",
        "| varied | closed form: depth % | joints mm | least squares: depth % | mm | place(): depth % | mm |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (unit, values) in ROWS.items():
        for value in values:
            cells = " | ".join(f"{cell:.1f}" for cell in simulate(hands, USUAL | {name: value}).ravel())
            lines.append(f"| {name} {value:g} {unit} | {cells} |")
    lines += ["", f"CPU time of one place(): {milliseconds():.2f} ms."]
    return "\n".join(lines)


def simulate(hands: int, row: dict) -> np.ndarray:
    """(3 methods, 2): root mean square error of depth in percent and of joints in millimetres."""
    generator, errors = np.random.default_rng(0), []
    for _ in range(hands):
        pose, pixels, joints = random_hand(generator, row)
        errors.append([error(found, joints) for found in placements(pose, pixels, row["pixel noise"])])
    return np.sqrt(np.mean(np.square(errors), axis=0))


def random_hand(generator, row: dict):
    """Pose as a network says it, pixels as it sees them, true joints in metres."""
    tilt, off_axis = np.deg2rad(row["palm tilt"]) * generator.choice([-1, 1]), np.deg2rad(row["off axis"])
    stretch = 1.0 + LENGTH_STDDEV / LENGTHS * generator.normal(size=len(LENGTHS))
    shape = mean_hand(generator.uniform(0, 0.8, 5), tilt, generator.uniform(-np.pi, np.pi), stretch)
    joints = shape * SCALE.mean_m + row["distance"] * np.array([np.tan(off_axis), 0.0, 1.0])
    pixels = CAMERA.project(joints) + row["pixel noise"] * generator.normal(size=(21, 2))
    return disturbed(generator, shape, row["pose noise"]), pixels, joints


def disturbed(generator, shape, noise: float) -> np.ndarray:
    pose = shape - shape.mean(axis=0)
    pose = pose + np.cross(noise * TURN_STDDEV * generator.normal(size=3), pose)
    pose *= np.exp(noise * 0.05 * generator.normal()) * np.array([1.0, 1.0, np.exp(0.2 * noise * generator.normal())])
    for finger in range(5):
        pose[1 + 4 * finger : 5 + 4 * finger, 2] += 0.05 * noise * generator.normal() * np.arange(4)
    return normalize(pose + noise * generator.normal(size=(21, 3)) * (0.04, 0.04, 0.06))[0]


def placements(pose, pixels, noise_px: float) -> list[np.ndarray]:
    """Joints (21, 3) in metres by the closed form, least squares and place()."""
    rays = CAMERA.unproject(pixels)
    closed = (root_depth_closed_form(pose, rays) + pose[:, 2:]) * rays * SCALE.mean_m
    linear = (pose + root_least_squares(pose, rays)) * SCALE.mean_m
    return [closed, linear, place(pose, pixels, CAMERA, SCALE, np.full(21, noise_px)).joints_m]


def error(found, joints) -> tuple[float, float]:
    """A closed form without a solution counts as wrong by its distance."""
    found = np.nan_to_num(found)
    depth = (found[MIDDLE_MCP, 2] - joints[MIDDLE_MCP, 2]) / joints[MIDDLE_MCP, 2]
    return 100.0 * depth, 1e3 * np.linalg.norm(found - joints, axis=1).mean()


def milliseconds() -> float:
    pose, pixels, _ = random_hand(np.random.default_rng(1), USUAL)
    place(pose, pixels, CAMERA, SCALE)
    start = time.thread_time()
    for _ in range(200):
        place(pose, pixels, CAMERA, SCALE)
    return (time.thread_time() - start) / 200 * 1e3


if __name__ == "__main__":
    main()
