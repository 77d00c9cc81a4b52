"""How far each joint turns, actively and in adults, and how the joints of a finger depend on each other.

Ranges after the American Academy of Orthopaedic Surgeons' normal ranges of motion, rounded, with some hyperextension;
the coupling DIP = 2/3 PIP is the common finding for free flexion (Rijpkema and Girard 1991, section 4).
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.skeleton import ANGLE_NAMES, FINGER_NAMES

_FINGER_DEGREES = {
    "index": {"spread": (-14, 22), "mcp": (-25, 92), "pip": (-5, 108), "dip": (-10, 80)},
    "middle": {"spread": (-14, 14), "mcp": (-25, 92), "pip": (-5, 110), "dip": (-10, 80)},
    "ring": {"spread": (-22, 10), "mcp": (-22, 92), "pip": (-5, 112), "dip": (-10, 80)},
    "little": {"spread": (-38, 8), "mcp": (-25, 94), "pip": (-5, 105), "dip": (-10, 85)},
}
LIMIT_DEGREES = {
    "elbow_flexion": (0, 145), "forearm_twist": (-85, 85),
    "wrist_flexion": (-65, 75), "wrist_deviation": (-28, 22), "ring_arch": (0, 10), "little_arch": (0, 20),
    "thumb_abduction": (-42, 15), "thumb_opposition": (-38, 88), "thumb_twist": (-20, 45),
    "thumb_mcp": (-12, 60), "thumb_mcp_side": (-12, 12), "thumb_ip": (-30, 85),
    **{f"{finger}_{angle}": limits for finger in FINGER_NAMES for angle, limits in _FINGER_DEGREES[finger].items()},
}  # fmt: skip
LIMITS = np.radians([LIMIT_DEGREES[name] for name in ANGLE_NAMES])
"""(28, 2) lowest and highest angle in radians, order of ``ANGLE_NAMES``."""
DIP_PER_PIP = 2.0 / 3.0


def clip(angles: np.ndarray) -> np.ndarray:
    """Angles (..., 28) brought inside ``LIMITS``."""
    return np.clip(angles, LIMITS[:, 0], LIMITS[:, 1])
