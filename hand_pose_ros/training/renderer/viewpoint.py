"""Where the camera stands: any side of the hand, any distance, off the optical axis, and the crop's intrinsics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import MIDDLE_MCP, WRIST
from hand_pose_ros.settings import setting
from hand_pose_ros.training.poses.rotations import about, random_rotations

PALM_TO_CAMERA = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Rotation of a raised hand, wrist frame to camera optical frame: fingers (x) up in the image, back (z) away."""


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
    frontal: float = setting(
        0.0, "Share of hands that turn palm or back to the camera, as raised hands do.", minimum=0.0, maximum=1.0
    )
    frontal_deg: float = setting(30.0, "Their deviation from it, about x and y each.", minimum=0.0, maximum=90.0)


@dataclass(frozen=True)
class Views:
    """N hands before crops' cameras."""

    rotations: np.ndarray
    """(N, 3, 3) wrist frame to camera optical frame."""
    wrists_m: np.ndarray
    """(N, 3)"""
    camera_matrices: np.ndarray
    """(N, 3, 3) K of the crops: their principal points lie where the whole images' would."""


def random_views(generator: np.random.Generator, settings: ViewSettings, joints: np.ndarray, size: int) -> Views:
    """Views of hands whose joints (N, 21, 3) are in their wrist frames, mirrored if left; crops of ``size`` px."""
    count = len(joints)
    rotations = random_rotations(generator, count)
    facing = generator.random(count) < settings.frontal
    rotations[facing] = frontal_rotations(generator, settings.frontal_deg, int(facing.sum()))
    distances = np.exp(generator.uniform(np.log(settings.near_m), np.log(settings.far_m), (count, 1)))
    off_axis = np.tan(generator.normal(0, settings.off_axis, (count, 2)).clip(-0.6, 0.6))
    middle = np.einsum("nij,nj->ni", rotations, joints.mean(axis=1))
    wrists = distances * np.concatenate([off_axis, np.ones((count, 1))], axis=1) - middle
    rotations, wrists = rolled(generator, settings.roll_deg, joints, rotations, wrists)
    return Views(rotations, wrists, crop_cameras(generator, settings, placed_joints(joints, rotations, wrists), size))


def frontal_rotations(generator: np.random.Generator, spread_deg: float, count: int) -> np.ndarray:
    """(count, 3, 3) wrist frame to camera: raised hands that show the image plane their palm, in a third their back,
    turned about the image's x and y by ``spread_deg`` (one deviation each)."""
    yaw, pitch = np.radians(generator.normal(0, spread_deg, (2, count)))
    yaw += np.pi * (generator.random(count) < 1 / 3)
    return about("y", yaw) @ about("x", pitch) @ PALM_TO_CAMERA


def placed_joints(joints: np.ndarray, rotations: np.ndarray, wrists: np.ndarray) -> np.ndarray:
    """Joints (N, 21, 3) of wrist frames in the camera frame."""
    return joints @ np.swapaxes(rotations, 1, 2) + wrists[:, None]


def rolled(generator, roll_deg: float, joints, rotations, wrists) -> tuple[np.ndarray, np.ndarray]:
    """Rotations and wrists after turning the camera about its axis so that the hand points up in the image, nearly."""
    placed = placed_joints(joints, rotations, wrists)
    plane = placed[..., :2] / np.maximum(placed[..., 2:], 0.05)
    x, y = (plane[:, MIDDLE_MCP] - plane[:, WRIST]).T
    count = len(joints)
    anywhere = roll_deg >= 180
    wanted = generator.uniform(-np.pi, np.pi, count) if anywhere else np.radians(generator.normal(0, roll_deg, count))
    turn = about("z", wanted - np.arctan2(x, -y))
    return turn @ rotations, np.einsum("nij,nj->ni", turn, wrists)


def crop_cameras(generator, settings: ViewSettings, joints_m: np.ndarray, size: int) -> np.ndarray:
    """K (N, 3, 3) under which points (N, J, 3) of the camera frame fill the crop as wanted, near its middle."""
    plane = joints_m[..., :2] / np.maximum(joints_m[..., 2:], 0.05)
    low, high = plane.min(axis=1), plane.max(axis=1)
    share = generator.uniform(settings.smallest, settings.largest, len(low))
    focal = share * size / (high - low).max(axis=1)
    centre = (size - 1) / 2 + generator.normal(0, settings.shift, (len(low), 2)) * size
    matrices = np.zeros((len(low), 3, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = focal
    matrices[:, :2, 2] = centre - focal[:, None] * (low + high) / 2
    matrices[:, 2, 2] = 1.0
    return matrices
