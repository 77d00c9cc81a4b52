"""``SkeletonTask``: the segmentation of skeletons by which Kourbane & Genc 2021 localise hands."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from hand_pose_ros.training.losses.masks import skeleton_mask_loss
from hand_pose_ros.training.papers.paper_localiser_task import CARD, PaperLocaliserTask
from hand_pose_ros.training.skeleton_map import skeleton_map
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND


class SkeletonTask(PaperLocaliserTask):
    """``SkeletonTask(SkeletonLocaliser(...), thickness=..., tiles=...)``; ``thickness`` in pixels of the picture."""

    card = CARD | {"mask_threshold": 0.5, "mask_least": 0.0005, "mask_gap": 0.03}

    def __init__(self, network: nn.Module, thickness: float = 4.0, tiles: Sequence[int] = (1, 2, 3)):
        super().__init__(network, tiles)
        if not thickness > 0:
            raise ValueError(f"thickness is {thickness}: give positive pixels")
        self._thickness = thickness

    def frames_loss(self, output: dict[str, torch.Tensor], frames: FrameBatch) -> dict[str, torch.Tensor]:
        """0.4 L1 + 0.6 SoftDice of pictures without doubtful hands."""
        target = skeleton_maps(frames, output["mask"].shape[-1], self._thickness)
        sure = (frames.state != DOUBTFUL).all(dim=1)
        return {"skeleton": skeleton_mask_loss(output["mask"], target, sure.to(target.dtype))}


def skeleton_maps(frames: FrameBatch, size: int, thickness: float) -> torch.Tensor:
    """(N, size, size): the skeletons of all hands of each picture."""
    count, hands = frames.state.shape
    shown = (frames.state == HAND).float().flatten()[:, None].expand(-1, frames.keypoints.shape[2])
    maps = skeleton_map(frames.keypoints.flatten(0, 1), size, thickness, shown)
    return maps.reshape(count, hands, size, size).amax(dim=1)
