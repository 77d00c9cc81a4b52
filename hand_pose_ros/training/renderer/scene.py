"""Scenes: hands at their places before cameras, and the exact labels that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.poses.skeleton import PosedHand, RestHand, pose
from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Thing
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.placed_hand import (
    HAND_STEP,
    TRUNK_BONE,
    Layers,
    Picture,
    PlacedBody,
    PlacedHand,
    bone_matrices,
    placed_capsules,
)  # fmt: skip

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
class SceneBody:
    """A person, mostly that of a hand."""

    placed: PlacedBody
    hand: int | None = None
    """Which of the scene's hands hangs on it."""
    trunk_matrix: np.ndarray = None
    """(3, 4) trunk's motion for the mesh of that hand."""


@dataclass(frozen=True)
class Scene:
    """What one camera sees: hands, things, lights."""

    hands: Sequence[SceneHand]
    camera_matrix: np.ndarray
    """(3, 3) K."""
    lights: Lights
    things: Sequence[Thing] = ()
    bodies: Sequence[SceneBody] = ()


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
    """Pinhole projection of (..., 3) metres to (..., 2) pixels; K (3, 3) or one for each row (N, 3, 3)."""
    image = points_m @ np.swapaxes(camera_matrix, -1, -2)
    return image[..., :2] / np.maximum(image[..., 2:], 1e-6)


def placed(hands: Sequence[SceneHand]) -> list[PlacedHand]:
    """What the painter needs of hands."""
    posed = PosedHand.stacked([hand.posed for hand in hands])
    # Columns of the rotation times the mirror: right-hand rest coordinates into the camera frame.
    turn = np.array([hand.rotation * mirror_of(hand.handedness) for hand in hands])
    wrist = np.array([hand.wrist_m for hand in hands], float)
    matrices, capsules = bone_matrices(posed, turn, wrist), placed_capsules(posed, turn, wrist)
    return [
        PlacedHand(hand.mesh_id, matrices[k], capsules[k], hand.appearance, hand.handedness == LEFT)
        for k, hand in enumerate(hands)
    ]


def seen(keypoints_px: np.ndarray, depth_of_joints: np.ndarray, layers: Layers, owner, number) -> np.ndarray:
    """Which joints (M, 21) of M hands lie in their images behind nothing but their own flesh; hand m is the
    ``number[m]``-th of picture ``owner[m]``."""
    _, height, width = layers.depth_m.shape
    columns, rows = np.moveaxis(np.rint(keypoints_px), -1, 0)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (depth_of_joints > 0)
    at = owner[:, None], np.where(inside, rows, 0).astype(int), np.where(inside, columns, 0).astype(int)
    surface, segment = layers.depth_m[at], layers.segments[at].astype(int) - HAND_STEP * number[:, None]
    own = (segment[..., None] == OWN_SEGMENTS).any(axis=-1) & (surface > depth_of_joints - FLESH_M)
    return inside & (own | (surface == 0))


def render_all(painter: Painter, scenes: Sequence[Scene]) -> tuple[Layers, list[list[HandLabels]]]:
    """Draw scenes in one batch; labels of each scene's hands in their order."""
    hands = [hand for scene in scenes for hand in scene.hands]
    ready = iter(placed(hands) if hands else ())
    pictures = [_picture(scene, [next(ready) for _ in scene.hands]) for scene in scenes]
    layers = painter.paint(pictures)
    if not hands:
        return layers, [[] for _ in scenes]
    owner = np.array([k for k, scene in enumerate(scenes) for _ in scene.hands])
    number = np.array([k for scene in scenes for k in range(len(scene.hands))])
    labels = iter(_labels(hands, np.array([s.camera_matrix for s in scenes])[owner], layers, owner, number))
    return layers, [[next(labels) for _ in scene.hands] for scene in scenes]


def _picture(scene: Scene, hands: list[PlacedHand]) -> Picture:
    for body in scene.bodies:
        if body.hand is not None:
            hands[body.hand].matrices[TRUNK_BONE] = body.trunk_matrix
    bodies = [body.placed for body in scene.bodies]
    return Picture(hands, scene.camera_matrix, scene.lights, scene.things, bodies)


def render(painter: Painter, scene: Scene) -> tuple[Layers, list[HandLabels]]:
    """Draw one scene: layers with N = 1, labels in the order of its hands."""
    layers, labels = render_all(painter, [scene])
    return layers, labels[0]


def _labels(hands: Sequence[SceneHand], cameras, layers: Layers, owner, number) -> list[HandLabels]:
    joints = np.array([hand.joints_m() for hand in hands])
    keypoints = project(cameras, joints)
    visible = seen(keypoints, joints[..., 2], layers, owner, number)
    scale = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=1)
    return [
        HandLabels(hand.handedness, keypoints[k], joints[k], visible[k], float(scale[k]))
        for k, hand in enumerate(hands)
    ]
