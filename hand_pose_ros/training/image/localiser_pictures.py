"""Pictures of what the localiser finds."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from hand_pose_ros.crop import crop_to_image, transform
from hand_pose_ros.detector import Detection
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.training.image.localiser_figures import TrueHand

TRUE, DOUBTFUL, LEFT_FOUND, RIGHT_FOUND = (90, 220, 90), (140, 140, 140), (255, 140, 30), (60, 150, 255)
COLUMNS, SHOWN = 6, 0.3


def contact_sheet(
    images: torch.Tensor, detections: Sequence[Sequence[Detection]], hands: Sequence[Sequence[TrueHand]],
    threshold: float = SHOWN,
) -> np.ndarray:  # fmt: skip
    """(H, W, 3) uint8: true crops green (grey: doubtful), found ones blue (right) or orange (left) with their score."""
    tiles = []
    for image, found, true in zip(images, detections, hands, strict=True):
        tile = np.ascontiguousarray((image.float().cpu().numpy().transpose(1, 2, 0) * 255).round().astype(np.uint8))
        for hand in true:
            draw_crop(tile, hand.crop, TRUE if hand.sure else DOUBTFUL)
        for detection in found:
            if detection.score >= threshold:
                draw_detection(tile, detection)
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)])


def draw_detection(image: np.ndarray, detection: Detection):
    """The pose crop of a detection, its up side marked, and its score."""
    colour = RIGHT_FOUND if detection.side == "right" else LEFT_FOUND
    draw_crop(image, detection.box, colour)
    place = tuple(int(v) for v in np.rint(detection.box.centre_px))
    cv2.putText(image, f"{detection.score:.2f}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1, cv2.LINE_AA)


def draw_crop(image: np.ndarray, box: OrientedBox, colour):
    """An oriented square, with a line from its middle to its upper side."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5], [0.5, 0]])
    points = np.rint(transform(crop_to_image(box), corners)).clip(-2000, 4000).astype(int)
    cv2.polylines(image, [points[:4].reshape(-1, 1, 2)], True, colour, 1, cv2.LINE_AA)
    cv2.line(image, points[4].tolist(), points[5].tolist(), colour, 1, cv2.LINE_AA)
