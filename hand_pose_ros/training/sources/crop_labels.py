"""From the renderer's arrays to the ``HandBatch`` that networks are trained on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from hand_pose_ros.hand import KEYPOINT_COUNT, MIDDLE_MCP
from hand_pose_ros.training.hand_batch import HandBatch


def rendered_batch(crops: Mapping[str, np.ndarray]) -> HandBatch:
    """The batch of arrays named and shaped as in ``renderer.crops.CropBatch`` (depth is not needed)."""
    present = np.asarray(crops["present"], bool)
    size, scale = crops["images"].shape[1], np.where(present, crops["hand_scale_m"], np.nan)
    joints, root = normalised(np.asarray(crops["joints_m"], np.float64), scale)
    weight = np.repeat(present[:, None], KEYPOINT_COUNT, axis=1)
    return HandBatch(
        images=pixels(crops["images"]),
        keypoints=tensor(np.where(weight[..., None], (crops["keypoints_px"] + 0.5) / size, 0.0)),
        keypoint_weight=tensor(weight),
        visible=tensor(np.where(weight, crops["visible"], np.nan)),
        joints=tensor(joints),
        joint_weight=tensor(weight),
        root=tensor(root),
        hand_scale=tensor(scale),
        camera=tensor(np.where(present[:, None, None], camera_fractions(crops["camera_matrix"], size), np.nan)),
        right=tensor(np.where(present, ~np.asarray(crops["left"], bool), np.nan)),
        present=tensor(present),
        segments=torch.from_numpy(np.ascontiguousarray(crops["segments"])),
        real=torch.zeros(len(present)),
    )


def tensor(values: np.ndarray) -> torch.Tensor:
    """float32 tensor of any array."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def pixels(images: np.ndarray) -> torch.Tensor:
    """(N, 3, S, S) float32, 0 to 1, of images (N, S, S, 3) uint8."""
    # Reordered while they are bytes: a fifth of the time.
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).contiguous().float().mul_(1 / 255)


def normalised(joints_m: np.ndarray, scale_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints (N, 21, 3) about their middle MCP in hand scales, zeros where ``scale_m`` is NaN; that joint (N, 3)."""
    root = np.where(np.isfinite(scale_m)[:, None], joints_m[:, MIDDLE_MCP], np.nan)
    return np.nan_to_num((joints_m - root[:, None]) / scale_m[:, None, None]), root


def camera_fractions(matrix: np.ndarray, size: int) -> np.ndarray:
    """K (N, 3, 3) in fractions of a crop, of K in its pixels: (x + 0.5) / size for every x."""
    scaled = np.asarray(matrix, np.float64).copy()
    scaled[:, :2] /= size
    scaled[:, :2, 2] += 0.5 / size
    return scaled
