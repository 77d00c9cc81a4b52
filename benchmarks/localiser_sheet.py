"""Pictures of what a localiser missed or imagined (localiser.py)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.image.localiser_pictures import DOUBTFUL, TRUE, draw_crop, draw_detection


class Sheet:
    """Up to 40 images in which a hand was missed or imagined."""

    def __init__(self, score: float, most: int = 40):
        self._score, self._most, self._tiles = score, most, []

    def add(self, image, detections, hands, said, before, figures):
        """Keep the image if the localiser failed on it."""
        found = sum(detection.score >= self._score for detection in detections)
        missed = (
            figures.hands - before[0] > len(figures.overlap) - before[1] or len([h for h in hands if h.sure]) > found
        )
        if len(self._tiles) < self._most and (missed or (found and not hands)):
            self._tiles.append(self._tile(image, detections, hands, said))

    def _tile(self, image, detections, hands, said) -> np.ndarray:
        tile = np.zeros((256, 256, 3), np.uint8)
        tile[: image.shape[0], : image.shape[1]] = image
        for hand in hands:
            draw_crop(tile, hand.crop, TRUE if hand.sure else DOUBTFUL)
        for detection in detections:
            if detection.score >= 0.2:
                draw_detection(tile, detection)
        for hand in said:
            for x, y in np.rint(hand.keypoints_px).clip(0, 255).astype(int):
                tile[y, x] = (255, 255, 0)
        return tile

    def write(self, path: Path):
        """PNG; nothing if nothing failed."""
        if self._tiles:
            tiles = self._tiles + [np.zeros((256, 256, 3), np.uint8)] * (-len(self._tiles) % 8)
            rows = [np.hstack(tiles[k : k + 8]) for k in range(0, len(tiles), 8)]
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])
