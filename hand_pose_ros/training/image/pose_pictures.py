"""Contact sheets of crops with predicted skeletons in colour over the labelled ones in white."""

from __future__ import annotations

import numpy as np
import torch

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.hand_batch import HandBatch

FINGER_COLOURS = ((230, 60, 60), (240, 170, 40), (70, 190, 70), (60, 150, 240), (190, 90, 230))


def contact_sheet(batch: HandBatch, output: dict[str, torch.Tensor], columns: int = 8, side: int = 192) -> np.ndarray:
    """(H, W, 3) uint8: each crop ``side`` px wide, label below prediction; a red frame where no hand was seen."""
    import cv2

    tiles = []
    for row in range(len(batch)):
        pixels = (batch.images[row].permute(1, 2, 0).cpu().numpy() * 255).clip(0, 255).astype(np.uint8)
        tile = cv2.resize(np.ascontiguousarray(pixels), (side, side), interpolation=cv2.INTER_LINEAR)
        if bool((batch.keypoint_weight[row] > 0).all()):
            _draw(tile, batch.keypoints[row].cpu().numpy() * side, [(255, 255, 255)] * 5)
        if float(output["presence"][row]) >= 0.5:
            _draw(tile, output["keypoints"][row].detach().cpu().numpy() * side, FINGER_COLOURS)
        else:
            tile[:3], tile[-3:], tile[:, :3], tile[:, -3:] = ((255, 0, 0),) * 4
        tiles.append(tile)
    blank = [np.zeros((side, side, 3), np.uint8)] * (-len(tiles) % columns)
    rows = [np.hstack((tiles + blank)[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.vstack(rows)


def _draw(tile: np.ndarray, points: np.ndarray, colours) -> None:
    import cv2

    for number, (parent, child) in enumerate(BONES):
        ends = [tuple(round(16 * float(value)) for value in points[end] - 0.5) for end in (parent, child)]
        cv2.line(tile, ends[0], ends[1], colours[number // 4], 1, cv2.LINE_AA, shift=4)
