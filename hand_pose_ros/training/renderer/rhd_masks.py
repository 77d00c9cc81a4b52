"""Segments in the numbers of the Rendered Hand Pose Dataset, so that either can train what the other trains.

Zimmermann and Brox, "Learning to Estimate 3D Hand Pose from Single RGB Images", 2017, README of the data set:
0 background, 1 person, 2-4 left thumb from tip to palm, 5-7 index, 8-10 middle, 11-13 ring, 14-16 little finger,
17 palm; 18-33 the same of the right hand.
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.renderer.placed_hand import HAND_STEP

UNKNOWN = 255
PERSON_PARTS = (17, 18, 20, 21, 22, 23, HAND_STEP)
PALM, LEFT_PALM, SIDE_STEP = 1, 17, 16


def _tables() -> np.ndarray:
    """(2, 256) RHD number of each of our segments: right hands, left hands."""
    table = np.zeros((2, 256), np.uint8)
    table[:, list(PERSON_PARTS)] = 1
    table[:, UNKNOWN] = UNKNOWN
    for side, first in enumerate((SIDE_STEP, 0)):
        table[side, PALM] = first + LEFT_PALM
        for finger in range(5):
            for part in range(3):  # ours count from the palm, RHD's from the tip
                table[side, 2 + 3 * finger + part] = first + 2 + 3 * finger + 2 - part
    return table


TABLES = _tables()


def rhd_mask(segments: np.ndarray, left: np.ndarray | bool) -> np.ndarray:
    """RHD's mask (N, H, W) uint8 of ``segments`` (N, H, W) as in ``crops.CropBatch``, of ``left`` (N,) or right hands.

    A second hand counts as person (its parts are not told apart in a crop), objects as background; 255, unlabelled,
    stays. One image (H, W) with a single ``left`` is taken too.
    """
    segments, left = np.asarray(segments, np.uint8), np.asarray(left, int)
    if segments.ndim == 2:
        return TABLES[int(left)][segments]
    return TABLES[np.broadcast_to(left, len(segments))[:, None, None], segments]
