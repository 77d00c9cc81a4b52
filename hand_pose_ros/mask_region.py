"""From a localiser's mask to candidates: regions grown over the foreground, and the upright box around each.

Kourbane & Genc 2021 (arXiv 2105.10904) grow regions over the segmented skeleton and box them, and take
the count of foreground pixels for the decision between hand and no hand. Zimmermann & Brox 2017 (section 4.1) box the
foreground of their hand mask. Here a region may cross gaps of a few pixels, as thin skeletons are easily broken.
"""

from __future__ import annotations

import cv2
import numpy as np

THRESHOLD, LEAST, GAP = 0.5, 0.0005, 0.03


def regions(mask: np.ndarray, threshold: float = THRESHOLD, gap: int = 0) -> np.ndarray:
    """Labels (M, M) int32 of a mask (M, M) of probabilities: 0 below ``threshold``, then 1, 2, ... per region.

    A region grows from pixel to pixel over steps of at most ``gap`` pixels of background (0: touching, also at
    corners).
    """
    foreground = (mask >= threshold).astype(np.uint8)
    # Two pixels with a gap of g between them meet when both grow by half of it, rounded up.
    reach = 2 * ((gap + 1) // 2) + 1
    grown = cv2.dilate(foreground, np.ones((reach, reach), np.uint8)) if gap else foreground
    _, labels = cv2.connectedComponents(grown, connectivity=8)
    return labels * foreground


def mask_candidates(mask: np.ndarray, card: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``score`` (A,), ``box`` (A, 4) and ``axis`` (A, 2, 2) of a mask (M, M) of probabilities, in fractions of it.

    ``card`` is the localiser's part of the model card: ``mask_threshold`` of the foreground; ``mask_least``, the share
    of the mask's pixels from which on a region is a hand; ``mask_gap``, the steps of the growth in mask widths. The
    score is the region's mean probability. A mask says no direction: axes point up. Largest region first.
    """
    mask = np.nan_to_num(np.asarray(mask, dtype=np.float32))
    size = len(mask)
    labels = regions(mask, card.get("mask_threshold", THRESHOLD), round(card.get("mask_gap", GAP) * size))
    counts = np.bincount(labels.ravel(), minlength=1)
    counts[0] = 0
    large = np.flatnonzero(counts >= max(1, card.get("mask_least", LEAST) * size**2))
    found = [_candidate(mask, labels == label) for label in large[np.argsort(-counts[large], kind="stable")]]
    scores, boxes = np.array([score for score, _ in found]), np.array([box for _, box in found])
    boxes = boxes.reshape(-1, 4) / size
    up = np.stack([boxes[:, :2], boxes[:, :2]], axis=1)
    up[:, 0, 1] += boxes[:, 3] / 2
    up[:, 1, 1] -= boxes[:, 3] / 2
    return scores.reshape(-1), boxes, up


def _candidate(mask: np.ndarray, region: np.ndarray) -> tuple[float, tuple[float, float, float, float]]:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    # Outer edges of the pixels: the region of one pixel is a box of one pixel.
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return float(mask[region].mean()), ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
