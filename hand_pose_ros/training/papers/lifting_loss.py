"""Losses of the lifting networks of Zimmermann & Brox 2017: what each of their Table 2 is asked to say."""

from __future__ import annotations

import torch

from hand_pose_ros.networks.bone_chain import chain_of_joints
from hand_pose_ros.training.canonical_frame import relative, to_canonical
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.losses.places import squared_error
from hand_pose_ros.training.losses.shapes import canonical_loss, viewpoint_loss


def lifting_losses(output: dict[str, torch.Tensor], batch: HandBatch) -> dict[str, torch.Tensor]:
    """Terms for the output of one of ``networks.pose_prior_net``: equations 8 and 9 with equal weights for the proposed
    one, the squared error of the kinematic parameters for "Local", that of the joints for the others.

    Hands count whose joints are all labelled and whose side is known: a part of a hand has no canonical frame.
    """
    known = (batch.joint_weight > 0).all(1) & torch.isfinite(batch.right) & (batch.present > 0.5)
    weight = known.to(batch.joints.dtype)
    # Rows without a hand hold zeros; they are not to reach a division.
    filler = torch.arange(63.0, device=batch.joints.device).reshape(21, 3).sin()
    joints = relative(torch.where(known[:, None, None], batch.joints, filler))
    if "canonical" in output:
        canonical, rotation = to_canonical(joints, torch.nan_to_num(batch.right, 0.0))
        return {
            "canonical": canonical_loss(output["canonical"], canonical, weight[:, None].expand(-1, 21)),
            "viewpoint": viewpoint_loss(output["rotation"], rotation, weight),
        }
    if "chain" in output:
        return {"chain": squared_error(output["chain"], chain_of_joints(joints), weight[:, None].expand(-1, 21))}
    return {"joints": squared_error(output["joints"], joints, weight[:, None].expand(-1, 21))}
