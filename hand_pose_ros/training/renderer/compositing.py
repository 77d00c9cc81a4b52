"""Coverage at edges, and drawn layers before backgrounds."""

from __future__ import annotations

import cv2
import numpy as np

EDGE_SIGMA_PX = 0.55


def averaged(rgba: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Colour weighted by coverage, and coverage (N, h, w, 4), of larger pictures at ``size`` (width, height)."""
    return np.stack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in rgba])


def smoothed(rgba: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 4) with a coverage whose edge is blurred; there, colours are those of covered neighbours."""
    result = np.empty_like(rgba)
    for picture, soft in zip(rgba, result, strict=True):
        cv2.GaussianBlur(picture, (3, 3), EDGE_SIGMA_PX, soft)
        # Inside, colours stay sharp.
        cv2.copyTo(picture, cv2.compare(cv2.extractChannel(soft, 3), 255, cv2.CMP_EQ), soft)
    return result


def composite(colour: np.ndarray, background: np.ndarray) -> np.ndarray:
    """A picture (H, W, 4), colour weighted by coverage and coverage, before a ``background`` (H, W, 3) uint8."""
    alpha = cv2.extractChannel(colour, 3)
    result = background.copy()
    cv2.copyTo(cv2.cvtColor(colour, cv2.COLOR_RGBA2RGB), cv2.compare(alpha, 255, cv2.CMP_EQ), result)
    edge = np.nonzero((alpha > 0) & (alpha < 255))
    through = (255 - alpha[edge][:, None].astype(np.uint16)) * background[edge]
    result[edge] = np.minimum(colour[edge][:, :3] + (through + 127) // 255, 255)
    return result
