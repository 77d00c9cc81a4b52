"""An adult hand at rest in numbers, for skeletons without the MakeHuman files: mean of its six young adult shapes."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.skeleton import RestHand

JOINTS_MM = (
    (0, 0, 0),
    (35.4, 23.2, -3.3), (48.3, 44.0, -24.5), (73.2, 63.1, -42.6), (97.0, 70.8, -58.8),
    (99.3, 24.8, -4.5), (127.7, 29.8, -11.8), (147.9, 31.9, -22.8), (169.8, 34.2, -38.7),
    (100.2, 0, 0), (133.8, -4.5, -11.5), (158.6, -6.4, -23.5), (180.1, -8.8, -37.7),
    (93.5, -19.3, 0.1), (123.5, -28.3, -8.8), (145.3, -33.7, -19.3), (167.3, -41.0, -33.6),
    (80.4, -35.1, -4.5), (100.6, -44.3, -10.8), (117.1, -51.4, -21.0), (133.3, -58.7, -31.5),
)  # fmt: skip
METACARPALS_MM = ((32.1, 3.2, -2.0), (32.1, 3.2, -2.0), (36.9, -18.0, -3.5), (36.9, -18.0, -3.5))
ELBOW_MM = (-237.7, 22.3, -11.3)
SHOULDER_MM = (-398.8, 202.7, -12.4)


def standard_hand(count: int = 1) -> RestHand:
    """``count`` copies of the standard hand, hand frame, metres."""
    arrays = (np.tile(np.array(mm) / 1000.0, (count, 1, 1)) for mm in (JOINTS_MM, METACARPALS_MM))
    ends = (np.tile(np.array(mm) / 1000.0, (count, 1)) for mm in (ELBOW_MM, SHOULDER_MM))
    return RestHand(*arrays, *ends)
