"""The hand's skeleton drawn as a mask: what Kourbane & Genc 2021 segment first and show to the keypoint network.

Kourbane & Genc, "Skeleton-aware multi-scale heatmap regression for 2D hand pose estimation" (arXiv 2105.10904).
The bones between the labelled keypoints, drawn with a thickness that is a choice of theirs.
"""

from __future__ import annotations

import torch

from hand_pose_ros.hand import BONES, KEYPOINT_COUNT

PARENTS, CHILDREN = ([bone[end] for bone in BONES] for end in (0, 1))


def skeleton_map(
    keypoints: torch.Tensor, size: int, thickness: float, weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Maps (N, size, size) float of hands' skeletons: 1 on a bone, 0 elsewhere.

    ``keypoints`` (N, 21, 2) fractions of the crop; ``thickness`` in pixels of the map: a pixel belongs to a bone when
    its centre is at most half of it away. Bones with an unknown end (not finite, or ``weight`` (N, 21) of 0) are left
    out. Runs on the keypoints' device. ValueError for other shapes, or a size or thickness that is not positive.
    """
    if keypoints.ndim != 3 or keypoints.shape[1:] != (KEYPOINT_COUNT, 2):
        raise ValueError(f"keypoints have shape {tuple(keypoints.shape)}: give (N, {KEYPOINT_COUNT}, 2)")
    if not (size >= 1 and thickness > 0):
        raise ValueError(f"size {size} and thickness {thickness}: give positive pixels")
    known = torch.isfinite(keypoints).all(-1)
    if weight is not None:
        known &= weight > 0
    ends = torch.where(known[..., None], keypoints, torch.zeros_like(keypoints)) * size
    drawn = known[:, PARENTS] & known[:, CHILDREN]
    nearest = torch.full((len(keypoints), size, size), torch.inf, device=keypoints.device, dtype=keypoints.dtype)
    # One bone at a time: twenty maps of a batch at once would not fit a small GPU.
    for number, (parent, child) in enumerate(BONES):
        distance = _distance(ends[:, parent], ends[:, child], size)
        nearest = torch.where(drawn[:, number, None, None], torch.minimum(nearest, distance), nearest)
    return (nearest <= thickness / 2).to(keypoints.dtype)


def _distance(start: torch.Tensor, end: torch.Tensor, size: int) -> torch.Tensor:
    """Distances (N, size, size) in pixels of pixel centres from the segments ``start`` to ``end``, (N, 2) each."""
    axis = torch.arange(size, device=start.device, dtype=start.dtype) + 0.5
    x, y = axis[None, None, :] - start[:, 0, None, None], axis[None, :, None] - start[:, 1, None, None]
    bone = end - start
    along_x, along_y = bone[:, 0, None, None], bone[:, 1, None, None]
    # A bone seen along itself has no length; its place is a dot then.
    length = (along_x**2 + along_y**2).clamp_min(1e-9)
    share = ((x * along_x + y * along_y) / length).clamp(0, 1)
    return torch.hypot(x - share * along_x, y - share * along_y)
