"""How a person stands to the hand: a trunk, upright or nearly, from whose shoulder the arm comes; the other hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.hand import LEFT
from hand_pose_ros.training.poses.rotations import about, cross, normalized
from hand_pose_ros.training.poses.skeleton import BONE
from hand_pose_ros.training.renderer.body_template import ARM, BONES, HEAD, NECK, OTHER_ARM, BodyMesh

TRIES = 24
FACING = np.diag([1.0, -1.0, -1.0])
"""Body coordinates to the camera frame of a figure that stands upright and looks into the camera."""
TRUNK_HALF_M, HEAD_RADIUS_M, CAMERA_ROOM_M = (0.17, 0.13), 0.125, 0.22


@dataclass(frozen=True)
class ArmInSpace:
    """The arm that a body must meet: places in the camera frame and the upper arm's skinning matrix."""

    shoulder_m: np.ndarray
    elbow_m: np.ndarray
    points_m: np.ndarray
    """(P, 3) hand and forearm: none may lie inside the body."""
    upper_matrix: np.ndarray
    """(3, 4) rest hand frame to camera frame."""
    rest_shoulder: np.ndarray
    """(3,) rest hand frame."""
    rest_length_m: float
    """Shoulder to elbow."""
    left: bool


def arm_in_space(hand, matrices: np.ndarray) -> ArmInSpace:
    """The arm of a ``SceneHand`` whose skinning ``matrices`` (26, 3, 4) are known."""
    upper, forearm = matrices[BONE["arm_upper"]], matrices[BONE["forearm_upper"]]
    rest_shoulder, rest_elbow = hand.rest.shoulder[0], hand.rest.elbow[0]
    shoulder, elbow = (upper[:, :3] @ point + upper[:, 3] for point in (rest_shoulder, rest_elbow))
    middle = forearm[:, :3] @ (0.5 * rest_elbow) + forearm[:, 3]
    points = np.concatenate([hand.joints_m(), [elbow, middle]])
    length = float(np.linalg.norm(rest_shoulder - rest_elbow))
    return ArmInSpace(shoulder, elbow, points, upper, rest_shoulder, length, hand.handedness == LEFT)


def standing(generator: np.random.Generator, arm: ArmInSpace, body: BodyMesh) -> np.ndarray | None:
    """Rotation (3, 3) of the trunk, body coordinates to camera frame (mirrored for left arms), or None if none of
    some random upright ones lets the arm be where it is."""
    yaw = generator.normal(0, 0.9, TRIES)
    lean = about("x", generator.normal(0, 0.18, TRIES)) @ about("z", generator.normal(0, 0.14, TRIES))
    turns = lean @ about("y", yaw) @ FACING @ np.diag([-1.0 if arm.left else 1.0, 1.0, 1.0])
    possible = np.flatnonzero(_possible(turns, arm, body))
    return turns[possible[0]] if len(possible) else None


def body_scale(arm: ArmInSpace, body: BodyMesh) -> float:
    """How much larger than at rest the body is, so that its arm is as long as the hand's."""
    return arm.rest_length_m / float(np.linalg.norm(body.shoulder - body.elbow))


def _possible(turns: np.ndarray, arm: ArmInSpace, body: BodyMesh) -> np.ndarray:
    """(K,) whether the arm hangs on properly and neither hand nor camera is inside the body."""
    scale = body_scale(arm, body)
    points = np.concatenate([arm.points_m, np.zeros((1, 3))]) - arm.shoulder_m
    points = np.einsum("pi,kij->kpj", points, turns) / scale + body.shoulder
    upper = normalized(np.einsum("i,kij->kj", arm.elbow_m - arm.shoulder_m, turns))
    # A right arm: not across the chest or behind the back, nor straight up and backwards.
    natural = (upper[:, 2] > -0.5) & ((upper[:, 0] < 0.3) | (upper[:, 2] > 0.5)) & (upper[:, 1] < 0.9)
    flat = (points[..., 0] / TRUNK_HALF_M[0]) ** 2 + ((points[..., 2] - body.shoulder[2]) / TRUNK_HALF_M[1]) ** 2
    in_trunk = (flat < 1.0) & (points[..., 1] < body.neck[1]) & (points[..., 1] > -0.1)
    from_head = np.linalg.norm(points - body.head, axis=2)
    clear = ~in_trunk.any(axis=1) & (from_head > HEAD_RADIUS_M).all(axis=1)
    return natural & clear & (from_head[:, -1] > CAMERA_ROOM_M) & (flat[:, -1] > 1.6)


def body_matrices(generator: np.random.Generator, arm: ArmInSpace, body: BodyMesh, turn: np.ndarray, axes: np.ndarray):
    """(5, 3, 4) skinning matrices of the body's bones, and (3, 4) of the trunk for the hand's mesh. ``axes`` (3, 3)
    are those of the rest hand frame in body coordinates (``HandTemplate.trunk_axes``)."""
    scale = body_scale(arm, body)
    trunk = turning(turn * scale, body.shoulder, arm.shoulder_m)
    nod = about("y", generator.normal(0, 0.35)) @ about("x", generator.normal(0.05, 0.15))
    neck = trunk[:, :3] @ body.neck + trunk[:, 3]
    matrices = np.tile(trunk, (len(BONES), 1, 1))
    matrices[HEAD] = turning(turn @ nod * scale, body.neck, neck)
    matrices[NECK] = (matrices[HEAD] + trunk) / 2
    upper = arm.upper_matrix
    matrices[ARM] = turning(upper[:, :3] @ axes.T * scale, body.shoulder, arm.shoulder_m)
    return matrices, turning(turn @ axes, arm.rest_shoulder, arm.shoulder_m)


def turning(rotation: np.ndarray, centre: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(3, 4) x -> rotation @ (x - centre) + place."""
    return np.concatenate([rotation, (place - rotation @ centre)[:, None]], axis=1)


def other_shoulder(body: BodyMesh, matrices: np.ndarray) -> np.ndarray:
    """(3,) the other arm's shoulder in the camera frame."""
    return matrices[OTHER_ARM][:, :3] @ (body.shoulder * [-1.0, 1.0, 1.0]) + matrices[OTHER_ARM][:, 3]


def hanging(generator: np.random.Generator, shoulder_m, elbow_m, down, ahead) -> np.ndarray:
    """Rotation (3, 3) wrist frame to camera frame of a hand whose upper arm, from ``shoulder_m`` to ``elbow_m`` in its
    wrist frame, hangs along ``down`` with the wrist towards ``ahead`` (camera frame), more or less."""
    arm = _frame(elbow_m - shoulder_m, -elbow_m)
    goal = _frame(down + generator.normal(0, 0.2, 3), ahead + generator.normal(0, 0.5, 3))
    return goal @ arm.T


def _frame(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    x = normalized(first)
    z = normalized(cross(x, second))
    return np.stack([x, cross(z, x), z], axis=1)
