"""What the keypoint network is asked for, made from a ``HandBatch``: one side more often, the teacher's convention."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from hand_pose_ros.hand import MIDDLE_MCP
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.keypoint_convention import crop_scale, to_teacher
from hand_pose_ros.training.losses.heatmaps import inside


@dataclass(frozen=True)
class PoseTargets:
    """N crops' targets. Weights are 0 where a label is missing."""

    keypoints: torch.Tensor
    """(N, 21, 2) fractions of the crop, the teacher's convention."""
    weight: torch.Tensor
    """(N, 21)"""
    extent: torch.Tensor
    """(N,) longer side of the keypoints' box, crop widths; 1 where there are none."""
    depth: torch.Tensor
    """(N, 21) crop widths, middle MCP at 0, larger is farther."""
    depth_weight: torch.Tensor
    """(N, 21)"""


def targets(batch: HandBatch, real_depth: float, curled: float = 0.0) -> PoseTargets:
    """``real_depth``: weight of the depth that a teacher says of photographs, against 1 for the renderer's.

    ``curled``: how much more keypoints of curled hands weigh, times ``curl``: they are harder than open hands.
    """
    drawn = (batch.real < 0.5) & (batch.present > 0.5)
    moved = to_teacher(batch.keypoints, batch.joints, batch.right)
    keypoints = torch.where(drawn[:, None, None], moved, batch.keypoints)
    emphasis = 1.0 + curled * curl(batch.joints)[:, None]
    weight = batch.keypoint_weight * inside(keypoints) * batch.present[:, None] * emphasis
    depth = batch.joints[..., 2] * crop_scale(batch.keypoints, batch.joints)[:, None]
    # The scale, and with it the depth, comes from all keypoints together.
    complete = (batch.keypoint_weight > 0).all(dim=1, keepdim=True)
    trust = torch.where(batch.real > 0.5, real_depth, 1.0)[:, None] * complete
    return PoseTargets(
        keypoints,
        weight,
        extent(batch.keypoints, batch.keypoint_weight),
        depth - depth[:, MIDDLE_MCP : MIDDLE_MCP + 1],
        batch.joint_weight * batch.present[:, None] * trust,
    )


def curl(joints: torch.Tensor) -> torch.Tensor:
    """(N,) mean over the fingers of 1 - distance from base to tip over the length of the three bones between: 0 for
    straight fingers, about 0.6 for a fist, 0 where there are no joints (N, 21, 3)."""
    fingers = joints[:, 1:].unflatten(1, (5, 4))
    bones = fingers.diff(dim=2).norm(dim=3).sum(dim=2)
    reach = (fingers[:, :, 3] - fingers[:, :, 0]).norm(dim=2)
    return torch.where(bones > 1e-6, 1.0 - reach / bones.clamp_min(1e-6), 0.0).mean(dim=1)


def extent(keypoints: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(N,) longer side of the box of the keypoints (N, 21, 2) that have a weight; 1 where fewer than two have one."""
    known = (weight > 0)[..., None]
    high = torch.where(known, keypoints, -torch.inf).amax(dim=1)
    low = torch.where(known, keypoints, torch.inf).amin(dim=1)
    side = (high - low).amax(dim=1)
    return torch.where(torch.isfinite(side) & (side > 1e-6), side, torch.ones_like(side))


def mirrored(batch: HandBatch, rows: torch.Tensor) -> HandBatch:
    """The batch with ``rows`` (N,) bool seen in a mirror: pixels, keypoints, joints, side, camera, root, segments."""
    flip = rows[:, None, None]
    x, y = batch.keypoints.unbind(dim=2)
    keypoints = torch.stack([torch.where(rows[:, None], 1.0 - x, x), y], dim=2)
    across = batch.joints.new_tensor([-1.0, 1.0, 1.0])
    camera = batch.camera.clone()
    camera[:, 0, 2] = torch.where(rows, 1.0 - camera[:, 0, 2], camera[:, 0, 2])
    return replace(
        batch,
        images=torch.where(rows[:, None, None, None], batch.images.flip(3), batch.images),
        keypoints=torch.where((batch.keypoint_weight > 0)[..., None], keypoints, batch.keypoints),
        joints=torch.where(flip, batch.joints * across, batch.joints),
        root=torch.where(rows[:, None], batch.root * across, batch.root),
        camera=camera,
        right=torch.where(rows, 1.0 - batch.right, batch.right),
        segments=torch.where(flip, batch.segments.flip(2), batch.segments),
    )


def left_hands(batch: HandBatch) -> torch.Tensor:
    """(N,) bool: crops known to show a left hand."""
    return (batch.right < 0.5) & (batch.present > 0.5)
