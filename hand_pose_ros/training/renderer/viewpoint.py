"""Where the camera stands: any side of the hand, any distance, off the optical axis, and the crop's intrinsics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.settings import setting
from hand_pose_ros.training.poses.rotations import about, random_rotations


@dataclass(frozen=True)
class ViewSettings:
    """Ranges of the crops' cameras."""

    near_m: float = setting(0.2, "Nearest hand, metres.", minimum=0.1, maximum=5.0)
    far_m: float = setting(2.0, "Farthest hand, metres.", minimum=0.1, maximum=5.0)
    off_axis: float = setting(0.22, "Deviation of the tangent of the angle off the axis.", minimum=0.0, maximum=0.6)
    smallest: float = setting(
        0.45, "Smallest share of the crop that the keypoints' box fills.", minimum=0.05, maximum=1.0
    )
    largest: float = setting(
        0.80, "Largest share of the crop that the keypoints' box fills.", minimum=0.05, maximum=1.5
    )
    shift: float = setting(
        0.06, "Deviation of the hand's place in the crop, shares of its side.", minimum=0.0, maximum=0.5
    )
    roll_deg: float = setting(
        25.0, "Deviation of the hand's roll from upright; 180 or more: any.", minimum=0.0, maximum=360.0
    )


@dataclass(frozen=True)
class View:
    """A hand before a crop's camera."""

    rotation: np.ndarray
    """(3, 3) wrist frame to camera optical frame."""
    wrist_m: np.ndarray
    """(3,)"""
    camera_matrix: np.ndarray
    """(3, 3) K of the crop: its principal point lies where the whole image's would."""


def random_view(generator: np.random.Generator, settings: ViewSettings, joints: np.ndarray, size: int) -> View:
    """A view of a hand whose joints (21, 3) are given in its wrist frame, mirrored if left; crop of ``size`` px."""
    rotation = random_rotations(generator, 1)[0]
    distance = np.exp(generator.uniform(np.log(settings.near_m), np.log(settings.far_m)))
    axis = np.array([*np.tan(generator.normal(0, settings.off_axis, 2).clip(-0.6, 0.6)), 1.0])
    wrist = distance * axis - joints.mean(axis=0) @ rotation.T
    rotation, wrist = rolled(generator, settings.roll_deg, joints, rotation, wrist)
    return View(rotation, wrist, crop_camera(generator, settings, joints @ rotation.T + wrist, size))


def rolled(generator, roll_deg: float, joints, rotation, wrist) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and wrist after turning the camera about its axis so that the hand points up in the image, nearly."""
    placed = joints @ rotation.T + wrist
    plane = placed[:, :2] / np.maximum(placed[:, 2:], 0.05)
    x, y = plane[MIDDLE_MCP] - plane[WRIST]
    wanted = generator.uniform(-np.pi, np.pi) if roll_deg >= 180 else np.radians(generator.normal(0, roll_deg))
    turn = about("z", wanted - np.arctan2(x, -y))
    return turn @ rotation, turn @ wrist


def crop_camera(generator, settings: ViewSettings, joints_m: np.ndarray, size: int) -> np.ndarray:
    """K (3, 3) under which joints (21, 3) in the camera frame fill the wanted share of the crop near its middle."""
    plane = joints_m[:, :2] / np.maximum(joints_m[:, 2:], 0.05)
    low, high = plane.min(axis=0), plane.max(axis=0)
    focal = generator.uniform(settings.smallest, settings.largest) * size / (high - low).max()
    centre = (size - 1) / 2 + generator.normal(0, settings.shift, 2) * size
    cx, cy = centre - focal * (low + high) / 2
    return np.array([[focal, 0, cx], [0, focal, cy], [0, 0, 1.0]])
