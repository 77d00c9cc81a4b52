"""The demo clip: a right hand, then a left hand too, move before a room; every frame with its exact ground truth."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.poses.skeleton import ANGLE
from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Sleeve
from hand_pose_ros.training.renderer.compositing import composite
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.motion import HandMotion, KeyPose
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.room import room
from hand_pose_ros.training.renderer.scene import HandLabels, Scene, SceneHand, render
from hand_pose_ros.training.renderer.sensor import Sensor, expose
from hand_pose_ros.training.renderer.shape import average_shape

WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 30, 10.0
INTRINSICS = (600.0, 600.0, 319.5, 239.5)
SUPERSAMPLING = 2
# (second, pose, wrist in metres, (turn, tilt, roll) in degrees)
RIGHT_KEYS = (
    (0.1, "relaxed", (0.10, 0.46, 0.52), (15, 5, 10)), (0.8, "open", (0.07, 0.12, 0.50), (5, -5, 4)),
    (1.3, "open", (0.05, 0.11, 0.50), (-8, -5, -6)), (1.8, "fist", (0.05, 0.10, 0.50), (-5, -8, -3)),
    (2.2, "fist", (0.05, 0.10, 0.50), (5, -8, 0)), (2.6, "point", (0.04, 0.11, 0.49), (12, -5, -8)),
    (3.1, "point", (0.00, 0.12, 0.48), (20, -5, -16)), (3.5, "victory", (0.02, 0.12, 0.49), (5, -5, 0)),
    (3.9, "ok_index", (0.04, 0.11, 0.48), (-25, -5, 5)), (4.4, "pinch_index", (0.04, 0.10, 0.46), (-45, -8, 8)),
    (4.9, "open", (0.05, 0.11, 0.46), (-110, -8, 0)), (5.3, "flat_thumb_out", (0.05, 0.11, 0.44), (-175, -8, -4)),
    (5.7, "open", (0.06, 0.12, 0.36), (-185, -5, 0)), (6.1, "relaxed", (0.12, 0.16, 0.36), (-170, 0, 12)),
    (6.6, "relaxed", (0.50, 0.22, 0.42), (-150, 5, 40)),
)  # fmt: skip
RIGHT_RETURN_KEYS = (
    (7.1, "relaxed", (0.42, 0.26, 0.60), (20, 0, 25)), (7.7, "open", (0.15, 0.14, 0.62), (5, -4, 6)),
    (8.3, "thumb_up", (0.19, 0.10, 0.70), (20, -5, -75)), (8.7, "thumb_up", (0.19, 0.10, 0.74), (15, -5, -78)),
    (9.4, "open", (0.14, 0.12, 0.80), (0, -5, 6)), (10.1, "spread", (0.14, 0.12, 0.74), (-4, -5, 2)),
)  # fmt: skip
LEFT_KEYS = (
    (6.85, "relaxed", (-0.12, 0.50, 0.56), (15, 5, 8)), (7.4, "open", (-0.13, 0.14, 0.55), (0, -5, 5)),
    (7.9, "three", (-0.13, 0.13, 0.55), (5, -5, 0)), (8.4, "pinch_middle", (-0.12, 0.13, 0.55), (-20, -6, 5)),
    (8.9, "horns", (-0.13, 0.13, 0.54), (6, -5, -4)), (9.4, "point", (-0.14, 0.13, 0.54), (10, -5, -10)),
    (10.1, "open", (-0.15, 0.14, 0.55), (-6, -5, 6)),
)  # fmt: skip


def key_poses(prior: PosePrior, keys, elbow_degrees: float) -> list[KeyPose]:
    """Key poses from the tables above."""
    poses = []
    for time_s, name, wrist, facing in keys:
        angles = prior.named(name)
        angles[ANGLE["elbow_flexion"]] = np.radians(elbow_degrees)
        angles[ANGLE["wrist_flexion"]] = np.radians(-8.0)
        poses.append(KeyPose(time_s, angles, wrist, facing))
    return poses


def lights_of_the_room() -> Lights:
    """A window on the left before the hands, a lamp on the right, light bounced from the room."""
    directions = np.array([[-0.60, -0.55, -0.58], [0.80, -0.30, -0.45], [0.10, -0.60, 0.79]])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    colours = np.array([[1.25, 1.25, 1.28], [0.38, 0.33, 0.27], [0.35, 0.35, 0.35]])
    return Lights(directions, colours, sky=(0.36, 0.36, 0.37), ground=(0.24, 0.20, 0.16), exposure=0.92)


class ClipRenderer:
    """Everything of the demo clip that stays the same from frame to frame."""

    def __init__(self, folder: MakeHumanFolder):
        template = HandTemplate(folder, subdivisions=1)
        self._painter = Painter(template, WIDTH, HEIGHT, SUPERSAMPLING)
        mesh = template.shaped(average_shape(0.7))
        self._mesh_id, self._rest = self._painter.upload(mesh), mesh.hand
        self._background = room(WIDTH, HEIGHT, seed=3)
        sleeve = Sleeve(edge_m=-0.055, thickness_m=0.006, colour=(0.035, 0.07, 0.16), folds=0.6)
        skin = next(k for k, path in enumerate(folder.skins) if path.name == "young_lightskinned_male_diffuse.png")
        self._look = Appearance(skin=skin, sleeve=sleeve)
        prior = PosePrior(np.random.default_rng(1), variants=1)
        self._motions = [
            HandMotion(RIGHT, key_poses(prior, RIGHT_KEYS, 15), seed=1),
            HandMotion(RIGHT, key_poses(prior, RIGHT_RETURN_KEYS, 15), seed=2),
            HandMotion(LEFT, key_poses(prior, LEFT_KEYS, 15), seed=3),
        ]
        self._random = np.random.default_rng(0)

    def frame(self, number: int) -> tuple[np.ndarray, list[HandLabels]]:
        """Picture (480, 640, 3) uint8 RGB and labels of one frame."""
        hands = [hand for motion in self._motions if (hand := self._hand(motion, number / FPS))]
        if not hands:
            return expose(self._background, Sensor(noise=3.0), self._random), []
        layers, labels = render(self._painter, Scene(hands, camera_matrix(), lights_of_the_room()))
        picture = composite(layers.colour[0], self._background)
        return expose(picture, Sensor(defocus_px=0.5, noise=3.0), self._random), [x for x in labels if x.visible.any()]

    def _hand(self, motion: HandMotion, time_s: float) -> SceneHand | None:
        state = motion.at(time_s)
        if state is None:
            return None
        angles, rotation, wrist = state
        return SceneHand(self._mesh_id, self._rest, angles, motion.handedness, rotation, wrist, self._look)


def camera_matrix() -> np.ndarray:
    """K (3, 3) of the clip."""
    fx, fy, cx, cy = INTRINSICS
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
