"""The demo clip in the repository: complete, small, and true to its own calibration."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from hand_pose_ros.hand import KEYPOINT_NAMES, LEFT, RIGHT

DEMO = Path(__file__).resolve().parents[2] / "demo"


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads((DEMO / "hand_demo.json").read_text())


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in DEMO.iterdir()) < 3e6
    assert "CC0" in (DEMO / "LICENSE.txt").read_text()


def test_video_and_truth_have_the_same_frames(truth):
    video = cv2.VideoCapture(str(DEMO / "hand_demo.mp4"))
    size = tuple(int(video.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    assert size == (truth["width"], truth["height"])
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(truth["fps"])
    count = 0
    while video.read()[0]:
        count += 1
    assert count == len(truth["frames"])


def test_keypoints_are_the_projected_joints(truth):
    assert tuple(truth["keypoint_names"]) == KEYPOINT_NAMES
    for frame in truth["frames"]:
        fx, fy, cx, cy = frame["K"]
        for hand in frame["hands"]:
            x, y, z = np.array(hand["joints_m"]).T
            pixels = np.stack([fx * x / z + cx, fy * y / z + cy], axis=1)
            assert np.abs(pixels - hand["keypoints_px"]).max() < 0.05
            scale = np.linalg.norm(np.subtract(hand["joints_m"][9], hand["joints_m"][0]))
            assert hand["hand_scale_m"] == pytest.approx(scale, abs=3e-5)
            assert len(hand["visible"]) == 21
            assert set(hand["visible"]) <= {0, 1}


def test_both_sides_appear_and_the_hands_leave_for_a_moment(truth):
    sides = [tuple(hand["side"] for hand in frame["hands"]) for frame in truth["frames"]]
    assert (RIGHT,) in sides
    assert any(set(both) == {LEFT, RIGHT} for both in sides)
    empty = [k for k, both in enumerate(sides) if not both]
    assert any(30 < k < 270 for k in empty)


def test_motion_is_smooth(truth):
    for side in (LEFT, RIGHT):
        places = [
            next((hand["joints_m"] for hand in frame["hands"] if hand["side"] == side), None)
            for frame in truth["frames"]
        ]
        steps = [np.linalg.norm(np.subtract(b, a), axis=1).max() for a, b in itertools.pairwise(places) if a and b]
        assert max(steps) < 0.05  # metres a frame: 1.5 m/s


def test_pictures_show_a_hand_where_the_truth_says(truth):
    """Skin is redder than the grey wall; on the palm's keypoints most pixels are."""
    video = cv2.VideoCapture(str(DEMO / "hand_demo.mp4"))
    checked = 0
    for frame in truth["frames"]:
        _, image = video.read()
        for hand in frame["hands"]:
            points = np.rint(np.array(hand["keypoints_px"])[np.array(hand["visible"], bool)]).astype(int)
            blue, _, red = image[points[:, 1], points[:, 0]].astype(int).T
            checked += len(points)
            assert (red - blue > 15).mean() > 0.8
    assert checked > 2000


def test_the_calibration_file_is_the_truth_files_camera(truth):
    from hand_pose_ros.calibration_file import read_calibration

    camera = read_calibration(DEMO / "calibration.yaml")
    fx, fy, cx, cy = truth["frames"][0]["K"]
    assert np.allclose(camera.matrix, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    assert (camera.width, camera.height) == (truth["width"], truth["height"])
