"""The lifter's door: a hand's keypoints, seen by any camera anywhere in the image, as the lifter is used to see them.

The virtual view is the same pinhole at the same place, turned until the hand's middle lies on its axis and the palm
points up, and mirrored for left hands. There, position in the image, roll, side and lens no longer matter: what remains
is the pose and the strength of the perspective.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, MIDDLE_MCP, WRIST

SMALLEST_SCORE, LARGEST_SCORE = 0.01, 0.9995


@dataclass(frozen=True)
class VirtualView:
    """How a hand looks along its own viewing axis."""

    keypoints: np.ndarray
    """(21, 2) on the plane z = 1, divided by ``extent``; right hand, wrist to middle MCP pointing up (-y)."""
    extent: float
    """Root mean square distance of the keypoints from their mean on the plane z = 1."""
    rotation: np.ndarray
    """(3, 3) from the virtual view's axes to the camera's; a reflection for left hands."""


def virtual_view(keypoints_px: np.ndarray, camera: CameraModel, handedness: str) -> VirtualView:
    """The virtual view of keypoints (21, 2) in raw pixels. ValueError where the lens has no ray for a keypoint."""
    rays = camera.unproject(keypoints_px)
    if not np.isfinite(rays).all():
        raise ValueError("a keypoint lies outside of what the lens can see: no ray leads there")
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    rotation = _axes(rays, handedness)
    seen = rays @ rotation
    plane = seen[:, :2] / seen[:, 2:]
    extent = spread(plane)
    if not extent > 1e-9:  # a hand of this size is no wider than a rounding error
        raise ValueError("all keypoints lie at one pixel")
    return VirtualView(plane / extent, extent, rotation)


def spread(points: np.ndarray) -> np.ndarray:
    """Root mean square distance (...) of points (..., 21, 2) from their mean."""
    return np.sqrt(((points - points.mean(axis=-2, keepdims=True)) ** 2).sum(axis=-1).mean(axis=-1))


def _axes(rays: np.ndarray, handedness: str) -> np.ndarray:
    """Columns x, y, z of the virtual view in the camera's axes."""
    forward = rays.mean(axis=0)
    forward /= np.linalg.norm(forward)
    down = rays[WRIST] - rays[MIDDLE_MCP]
    down = down - (down @ forward) * forward
    length = np.linalg.norm(down)
    # Wrist behind the middle MCP: no direction in the image; any will do, training has seen all of them nearby.
    down = down / length if length > 1e-9 else np.cross(forward, np.eye(3)[np.argmin(np.abs(forward))])
    down /= np.linalg.norm(down)
    right = np.cross(down, forward)
    return np.stack([-right if handedness == LEFT else right, down, forward], axis=1)


def network_input(view: VirtualView, scores: np.ndarray, guess: np.ndarray | None = None) -> np.ndarray:
    """(128,) float32 for ``networks.lifter.KeypointLifter``.

    ``guess`` (21, 3): an image network's own joints in the camera's axes, of any position and size, or None.
    """
    hint = np.zeros((21, 3)) if guess is None else normalized_guess(guess @ view.rotation)
    given = float(guess is not None)
    parts = (view.keypoints.ravel(), confidence(scores), [np.log(view.extent)], hint.ravel(), [given])
    return np.concatenate(parts).astype(np.float32)


def confidence(scores: np.ndarray) -> np.ndarray:
    """Scores, 0 to 1, as the network takes them: their logits over four, so that .99 and .999 differ."""
    scores = np.clip(scores, SMALLEST_SCORE, LARGEST_SCORE)
    return np.log(scores / (1.0 - scores)) / 4.0


def whole_hand(scores: np.ndarray) -> np.ndarray:
    """(...,) one score per hand: that of the mean logit of its keypoints' ``scores`` (..., 21)."""
    return 1.0 / (1.0 + np.exp(-4.0 * confidence(scores).mean(axis=-1)))


def normalized_guess(joints: np.ndarray) -> np.ndarray:
    """Joints (..., 21, 3) about their middle MCP, divided by their root mean square distance from their mean."""
    centred = joints - joints.mean(axis=-2, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=-1).mean(axis=-1))[..., None, None]
    return (joints - joints[..., MIDDLE_MCP : MIDDLE_MCP + 1, :]) / np.maximum(size, 1e-9)


def restored(joints: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """The lifter's joints (21, 3) in the camera's axes, middle MCP at the origin, wrist at distance 1.

    The lifter's lengths are hand scales already; only the wrist is moved along its bone to the defined distance, so
    that an error of that one bone does not resize the hand.
    """
    joints = (joints - joints[MIDDLE_MCP]) @ rotation.T
    length = np.linalg.norm(joints[WRIST])
    if not (np.isfinite(joints).all() and length > 1e-6):
        raise ValueError("the lifter's answer is no hand")
    joints[WRIST] /= length
    return joints


def seen_at(keypoints: np.ndarray, view: VirtualView, camera: CameraModel) -> np.ndarray | None:
    """Keypoints (21, 2) of the virtual view in raw pixels; None if one of them leaves what the lens can see."""
    rays = np.column_stack([keypoints * view.extent, np.ones(len(keypoints))]) @ view.rotation.T
    pixels = camera.project(rays)
    return pixels if np.isfinite(pixels).all() else None
