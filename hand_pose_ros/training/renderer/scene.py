"""A scene: hands at their places before a camera, and the exact labels that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.poses.capsules import capsule_ends, capsule_radii
from hand_pose_ros.training.poses.skeleton import PosedHand, RestHand, pose
from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Thing
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.placed_hand import HAND_STEP, Layers, PlacedHand, bone_matrices
from hand_pose_ros.training.renderer.shaders import CAPSULES

# A joint lies inside the flesh: it counts as seen when what the pixel shows is one of the joint's own two segments.
FLESH_M = 0.035
PALM = 1
OWN_SEGMENTS = np.array(
    [(PALM, 17)] + [(max(first + part - 1, first) if part else PALM, min(first + part, first + 2))
                    for first in (2, 5, 8, 11, 14) for part in range(4)]
)  # fmt: skip
"""(21, 2) mask values on either side of each joint."""


@dataclass(frozen=True)
class SceneHand:
    """One hand: shape, pose, place and looks."""

    mesh_id: int
    """Shape number from ``Painter.upload``."""
    rest: RestHand
    """Skeleton of that shape, N = 1."""
    angles: np.ndarray
    """(28,) radians."""
    handedness: str
    rotation: np.ndarray
    """(3, 3) from the wrist frame (x to the middle MCP, z out of the back) to the camera optical frame."""
    wrist_m: np.ndarray
    """(3,) wrist in the camera optical frame, metres."""
    appearance: Appearance
    posed: PosedHand = None
    """The skeleton in this pose; made when not given."""

    def __post_init__(self):
        if self.posed is None:
            object.__setattr__(self, "posed", pose(self.rest, self.angles))

    def joints_m(self) -> np.ndarray:
        """Joints (21, 3) in metres, camera optical frame."""
        return (self.posed.joints[0] * mirror_of(self.handedness)) @ self.rotation.T + self.wrist_m


@dataclass(frozen=True)
class HandLabels:
    """Ground truth of one hand."""

    handedness: str
    keypoints_px: np.ndarray
    """(21, 2) pixels, centre of the top-left pixel is (0, 0)."""
    joints_m: np.ndarray
    """(21, 3) metres, camera optical frame."""
    visible: np.ndarray
    """(21,) bool: inside the image and not behind another part of a hand, a sleeve or an object."""
    hand_scale_m: float


def mirror_of(handedness: str) -> np.ndarray:
    """Diagonal (3,) that turns right-hand rest coordinates into those of ``handedness``."""
    return np.array([1.0, -1.0 if handedness == LEFT else 1.0, 1.0])


def project(camera_matrix: np.ndarray, points_m: np.ndarray) -> np.ndarray:
    """Pinhole projection of (N, 3) metres to (N, 2) pixels."""
    image = points_m @ np.asarray(camera_matrix).T
    return image[:, :2] / np.maximum(image[:, 2:], 1e-6)


def placed(hand: SceneHand) -> PlacedHand:
    """What the painter needs of a hand."""
    left = hand.handedness == LEFT
    ends = (capsule_ends(hand.posed)[0] * mirror_of(hand.handedness)) @ hand.rotation.T + hand.wrist_m
    capsules = np.zeros((CAPSULES, 2, 4))
    capsules[: len(ends), :, :3], capsules[: len(ends), :, 3] = ends, capsule_radii(hand.posed)[0]
    matrices = bone_matrices(hand.posed, hand.rotation, hand.wrist_m, left)
    return PlacedHand(hand.mesh_id, matrices, capsules, hand.appearance, left)


def labels_of(hand: SceneHand, camera_matrix: np.ndarray, layers: Layers, number: int) -> HandLabels:
    """Ground truth of hand ``number`` of a picture."""
    joints = hand.joints_m()
    keypoints = project(camera_matrix, joints)
    return HandLabels(
        hand.handedness, keypoints, joints, seen(keypoints, joints[:, 2], layers, number),
        float(np.linalg.norm(joints[9] - joints[0])),
    )  # fmt: skip


def seen(keypoints_px: np.ndarray, depth_of_joints: np.ndarray, layers: Layers, number: int) -> np.ndarray:
    """Which joints (21,) of hand ``number`` lie in the image behind nothing but their own flesh."""
    height, width = layers.depth_m.shape
    columns, rows = np.rint(keypoints_px).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (depth_of_joints > 0)
    at = np.where(inside, rows, 0).astype(int), np.where(inside, columns, 0).astype(int)
    surface, segment = layers.depth_m[at], layers.segments[at].astype(int) - HAND_STEP * number
    own = (segment[:, None] == OWN_SEGMENTS).any(axis=1) & (surface > depth_of_joints - FLESH_M)
    return inside & (own | (surface == 0))


def render(
    painter: Painter, hands: list[SceneHand], camera_matrix: np.ndarray, lights: Lights, things: list[Thing] = ()
) -> tuple[Layers, list[HandLabels]]:
    """Draw hands and things at the painter's picture size; labels in the order of ``hands``."""
    layers = painter.paint([placed(hand) for hand in hands], camera_matrix, lights, things)
    return layers, [labels_of(hand, camera_matrix, layers, number) for number, hand in enumerate(hands)]


def composite(layers: Layers, background: np.ndarray) -> np.ndarray:
    """The drawn hands (H, W, 3) uint8 before a ``background`` of the same size."""
    alpha = layers.alpha[..., None]
    return (layers.colour + background * (1.0 - alpha)).round().clip(0, 255).astype(np.uint8)
