"""What an image model says of rendered hands whose truth is known: pairs to learn its errors from.

Each picture shows one rendered hand of random shape, pose, side, viewpoint, skin and light, off the optical axis too;
the model looks at it in the crop that tracking would use, jittered.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.crop import moved
from hand_pose_ros.estimator import HandEstimator
from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.rotations import about
from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Sleeve
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.room import room
from hand_pose_ros.training.renderer.scene import SceneHand, composite, mirror_of, render
from hand_pose_ros.training.renderer.shape import random_shape

SIZE = 256
SHAPES = 64
SKINS = 20


@dataclass
class TeacherPairs:
    """N hands: the truth and what the model said."""

    keypoints_px: np.ndarray
    """(N, 21, 2) the model's."""
    guess: np.ndarray
    """(N, 21, 3) the model's normalised joints, camera axes."""
    joints_m: np.ndarray
    """(N, 21, 3) truth, metres, camera optical frame."""
    intrinsics: np.ndarray
    """(N, 4) fx, fy, cx, cy in pixels of a picture of SIZE x SIZE."""
    left: np.ndarray
    """(N,) bool, truth."""
    said_left: np.ndarray
    """(N,) bool, the model's."""
    presence: np.ndarray
    """(N,) the model's."""

    def save(self, path: Path):
        """Write as .npz."""
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> TeacherPairs:
        """Read what ``save`` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


class RandomHands:
    """Draws pictures of random single hands."""

    def __init__(self, makehuman: Path, seed: int):
        self._random = np.random.default_rng(seed)
        self._template = HandTemplate(MakeHumanFolder(makehuman), 1)
        self._painter = Painter(self._template, SIZE, SIZE)
        self._prior = PosePrior(self._random)
        self._rooms = [room(640, 480, int(self._random.integers(1 << 30))) for _ in range(8)]
        meshes = [self._template.shaped(random_shape(self._random)) for _ in range(SHAPES)]
        self._shapes = [(self._painter.upload(mesh), mesh.hand) for mesh in meshes]

    def draw(self):
        """One picture (SIZE, SIZE, 3) uint8 RGB with its labels and intrinsics (fx, fy, cx, cy)."""
        mesh_id, rest = self._shapes[self._random.integers(len(self._shapes))]
        angles = self._prior.sample(1)
        side = LEFT if self._random.random() < 0.5 else RIGHT
        rotation = _random_rotation(self._random)
        joints = (pose(rest, angles).joints[0] * mirror_of(side)) @ rotation.T
        wrist, intrinsics = self._place(joints)
        hand = SceneHand(mesh_id, rest, angles, side, rotation, wrist, self._looks())
        fx, fy, cx, cy = intrinsics
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
        layers, labels = render(self._painter, [hand], matrix, self._lights())
        return composite(layers, self._background()), labels[0], intrinsics

    def _place(self, joints: np.ndarray):
        """Wrist position and intrinsics such that the hand fills about half of the picture."""
        distance = np.exp(self._random.uniform(np.log(0.22), np.log(1.6)))
        off_axis = np.tan(self._random.normal(0.0, 0.22, 2).clip(-0.5, 0.5))
        middle = joints.mean(axis=0)
        centre = distance * np.array([*off_axis, 1.0])
        placed = joints - middle + centre
        placed[:, 2] = np.maximum(placed[:, 2], 0.08)
        plane = placed[:, :2] / placed[:, 2:]
        low, high = plane.min(axis=0), plane.max(axis=0)
        focal = self._random.uniform(0.4, 0.62) * SIZE / (high - low).max()
        offset = (SIZE - 1) / 2 - focal * (low + high) / 2
        return centre - middle, (focal, focal, offset[0], offset[1])

    def _looks(self) -> Appearance:
        generator = self._random
        sleeve = Sleeve(
            edge_m=generator.uniform(-0.10, -0.01),
            colour=tuple(generator.uniform(0.02, 0.8, 3)),
            second_colour=tuple(generator.uniform(0.02, 0.8, 3)),
            pattern=int(generator.integers(3)),
        )
        return Appearance(
            skin=int(generator.integers(SKINS)),
            tint=tuple(generator.normal(1.0, 0.06, 3)),
            wrinkles=generator.uniform(0.3, 0.9),
            shine=generator.uniform(0.2, 1.5),
            sleeve=sleeve if generator.random() < 0.7 else None,
        )

    def _lights(self) -> Lights:
        generator = self._random
        directions = generator.normal(size=(3, 3)) + np.array([[0, -0.8, -0.8], [0, -0.2, -0.5], [0, 0.2, 0]])
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        colours = generator.uniform([[0.8], [0.0], [0.0]], [[1.8], [0.5], [0.3]]) * generator.uniform(
            0.85, 1.15, (3, 3)
        )
        return Lights(directions, colours, exposure=generator.uniform(0.7, 1.3))

    def _background(self) -> np.ndarray:
        picture = self._rooms[self._random.integers(len(self._rooms))]
        top, left = (self._random.integers(side - SIZE) for side in picture.shape[:2])
        return picture[top : top + SIZE, left : left + SIZE]


def collect(estimator: HandEstimator, makehuman: Path, count: int, seed: int, progress=lambda _: None) -> TeacherPairs:
    """Show ``count`` random hands to the model. Hands that it does not see are left out."""
    hands, generator = RandomHands(makehuman, seed), np.random.default_rng(seed + 1)
    rows = []
    for _ in range(count):
        row = _pair(estimator, hands, generator)
        progress(1)
        if row is not None:
            rows.append(row)
    return TeacherPairs(*(np.stack(column) for column in zip(*rows, strict=True)))


def _pair(estimator, hands, generator):
    image, label, intrinsics = hands.draw()
    box = estimator.pose_crop(label.keypoints_px + generator.normal(0.0, 2.0, (21, 2)))
    box = moved(box, *generator.normal(0.0, 0.03, 2))
    camera = CameraModel.from_intrinsics(SIZE, SIZE, intrinsics)
    seen = estimator.observe([image], [[box]], [camera], [[label.handedness]])[0][0]
    if seen is None:
        return None
    return (
        seen.keypoints_px, seen.normalized_joints, label.joints_m, np.array(intrinsics),
        np.array(label.handedness == LEFT), np.array(seen.handedness == LEFT), np.array(seen.score),
    )  # fmt: skip


def _random_rotation(generator: np.random.Generator) -> np.ndarray:
    """Hand to camera: fingers mostly up or sideways in the image, any side of the hand towards the camera."""
    upright = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    roll, tilt, turn = generator.uniform(-np.pi, np.pi), generator.normal(0.0, 0.6), generator.uniform(-np.pi, np.pi)
    return about("z", roll) @ about("x", tilt) @ about("y", turn) @ upright
