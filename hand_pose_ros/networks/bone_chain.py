"""A hand as 63 kinematic parameters: for each keypoint the length and two angles of the bone that leads to it.

The lifting alternative "Local" of Zimmermann & Brox 2017 (section 5.2, Table 2). Frames run from the root outwards:
the frame of a bone is its parent's, turned by its two angles so that its z axis lies along the bone; the first bones
of the fingers start from the frame of the joints themselves. The wrist has no bone: its three parameters are 0.
"""

from __future__ import annotations

import torch

from hand_pose_ros.networks.axis_angle import product

FINGERS, BONES_OF_FINGER = 5, 4


def joints_of_chain(parameters: torch.Tensor) -> torch.Tensor:
    """Joints (N, 21, 3), wrist at the origin, from ``parameters`` (N, 21, 3): length, angle about x, angle about y."""
    rows = parameters[:, 1:].reshape(-1, FINGERS, BONES_OF_FINGER, 3)
    places, frame, place = [], None, torch.zeros_like(rows[:, :, 0])
    for bone in range(BONES_OF_FINGER):
        length, turn = rows[:, :, bone, :1], _turn(rows[:, :, bone, 1], rows[:, :, bone, 2])
        frame = turn if frame is None else product(frame, turn)
        place = place + length * frame[..., 2]
        places.append(place)
    joints = torch.stack(places, 2).flatten(1, 2)
    return torch.cat([torch.zeros_like(joints[:, :1]), joints], 1)


def chain_of_joints(joints: torch.Tensor) -> torch.Tensor:
    """The inverse of ``joints_of_chain``: (N, 21, 3) parameters of joints (N, 21, 3), counted from their wrist.

    Angles about x lie in -pi/2 to pi/2, those about y in -pi to pi. A bone of no length has both angles 0.
    """
    fingers = (joints[:, 1:] - joints[:, :1]).reshape(-1, FINGERS, BONES_OF_FINGER, 3)
    starts = torch.cat([torch.zeros_like(fingers[:, :, :1]), fingers[:, :, :-1]], 2)
    rows, frame = [], None
    for bone in range(BONES_OF_FINGER):
        vector = (fingers - starts)[:, :, bone]
        local = vector if frame is None else (frame.transpose(-1, -2) @ vector[..., None])[..., 0]
        length, about_x, about_y = _angles(local)
        frame = _turn(about_x, about_y) if frame is None else frame @ _turn(about_x, about_y)
        rows.append(torch.stack([length, about_x, about_y], -1))
    chain = torch.stack(rows, 2).flatten(1, 2)
    return torch.cat([torch.zeros_like(chain[:, :1]), chain], 1)


def _turn(about_x: torch.Tensor, about_y: torch.Tensor) -> torch.Tensor:
    """Ry(b) Rx(a) (..., 3, 3); its third column is (sin b cos a, -sin a, cos b cos a)."""
    ca, sa, cb, sb = about_x.cos(), about_x.sin(), about_y.cos(), about_y.sin()
    zero = torch.zeros_like(ca)
    rows = [cb, sb * sa, sb * ca, zero, ca, -sa, -sb, cb * sa, cb * ca]
    return torch.stack(rows, -1).reshape(*ca.shape, 3, 3)


def _angles(bone: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Length and the two angles that turn the z axis onto ``bone`` (..., 3); their gradients at length 0 are 0."""
    square = bone.square().sum(-1)
    there = square > 1e-18
    safe = torch.where(there[..., None], bone, bone.new_tensor([0.0, 0.0, 1.0]))
    across = safe[..., 0].square() + safe[..., 2].square()
    # Straight up or down there is no angle about y: any will do, 0 is chosen.
    level = across > 1e-18
    x, z = torch.where(level, safe[..., 0], 0.0), torch.where(level, safe[..., 2], 1.0)
    flat = torch.where(level, torch.where(level, across, 1.0).sqrt(), 0.0)
    length = torch.where(there, torch.where(there, square, 1.0).sqrt(), 0.0)
    return length, torch.atan2(-safe[..., 1], flat), torch.atan2(x, z)
