"""Where some named poses start to settle, degrees: the order is that of ``leverage.FINGER_ANGLES``.

Settled from where ``named`` puts their thumb, they end with the thumb beside its contact, or in the flesh. Letters D,
E, M, N, T and the pinches closed on middle and ring finger were found by ``python -m benchmarks.pose_starts``, 48 to
128 disturbed ones each on 6 to 12 hands (seeds 1 to 3); of its best five, one that looks like the pose was kept. The
other seven are older: a search of the same kind, 48 each, before that command.
"""

from __future__ import annotations

# Thumb (abduction, opposition, twist, MCP, side, IP), then index to little finger (spread, MCP, PIP, DIP).
STARTS = {
    "fist": (
        5, 41, 13, 46, 11, 27,
        -2, 66, 101, 56,  3, 88, 92, 52,  -2, 76, 91, 55,  -5, 69, 88, 62,
    ),
    "fist_thumb_on_index": (
        -13, 25, -4, 23, -3, 46,
        12, 73, 93, 45,  2, 80, 90, 55,  -1, 72, 93, 57,  -6, 68, 86, 68,
    ),
    "key_grip": (
        -34, -12, -9, 19, -12, 18,
        0, 66, 66, 41,  -1, 60, 67, 42,  -4, 61, 73, 37,  -3, 62, 68, 37,
    ),
    "middle_points": (
        -8, 38, -20, 31, -3, 30,
        18, 64, 108, 27,  -2, 22, 2, 0,  -4, 73, 95, 55,  -3, 69, 88, 65,
    ),
    "little_up": (
        -11, 33, 8, 34, 9, 37,
        2, 64, 99, 60,  2, 81, 95, 60,  -3, 75, 93, 58,  -7, 0, 3, 4,
    ),
    "pinch_middle_closed": (
        -15, 59, 27, 5, -11, -30,
        -2, 66, 92, 54,  -10, 61, 44, 14,  -9, 71, 95, 51,  -4, 62, 85, 65,
    ),
    "pinch_ring_closed": (
        2, 62, 26, 21, -7, -16,
        0, 67, 88, 69,  3, 56, 91, 63,  -21, 53, 52, 6,  -6, 61, 85, 66,
    ),
    "pinch_little_closed": (
        -12, 61, 7, 7, 12, 0,
        0, 64, 98, 66,  -3, 73, 99, 60,  0, 82, 88, 52,  -4, 51, 36, -10,
    ),
    "letter_d": (
        -15, 55, 13, 8, -8, -13,
        -1, 0, 8, 10,  -7, 51, 57, 10,  -2, 65, 63, 37,  -9, 55, 60, 36,
    ),
    "letter_e": (
        5, 38, 12, 60, 7, 40,
        2, 33, 100, 58,  -4, 33, 89, 46,  -3, 41, 84, 56,  -3, 39, 92, 66,
    ),
    "letter_k": (
        -24, 32, -20, 45, -12, 6,
        7, 18, -4, -4,  -7, 58, -5, -2,  0, 66, 101, 50,  1, 73, 95, 46,
    ),
    "letter_m": (
        -11, 33, 35, 56, -12, 83,
        -7, 82, 57, 31,  -2, 67, 68, 28,  -3, 87, 40, 33,  -8, 65, 63, 37,
    ),
    "letter_n": (
        -13, 15, 11, 59, -12, 66,
        4, 69, 56, 34,  -2, 71, 60, 36,  -6, 61, 98, 56,  -5, 64, 85, 64,
    ),
    "letter_t": (
        -26, 6, 2, 41, -12, 21,
        5, 44, 44, 35,  -3, 61, 110, 36,  -2, 69, 90, 62,  -4, 61, 78, 72,
    ),
}  # fmt: skip
