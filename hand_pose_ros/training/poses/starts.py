"""Where some named poses start to settle, degrees: the order is that of ``leverage.FINGER_ANGLES``.

Settled from where ``named`` puts their thumb, they end with the thumb beside its contact, or in the flesh. These starts
were found by a search over 48 disturbed ones each: least depth on meshes, gaps and way from the pose as written.
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
    "pinch_little_closed": (
        -12, 61, 7, 7, 12, 0,
        0, 64, 98, 66,  -3, 73, 99, 60,  0, 82, 88, 52,  -4, 51, 36, -10,
    ),
    "letter_d": (
        6, 60, 12, 35, -12, -30,
        -7, 3, -3, -2,  -10, 53, 57, 13,  -5, 49, 56, 27,  0, 51, 73, 22,
    ),
    "letter_e": (
        5, 39, 13, 60, 5, 59,
        0, 32, 95, 64,  0, 32, 95, 58,  -3, 35, 105, 64,  -5, 37, 99, 60,
    ),
    "letter_k": (
        -24, 32, -20, 45, -12, 6,
        7, 18, -4, -4,  -7, 58, -5, -2,  0, 66, 101, 50,  1, 73, 95, 46,
    ),
    "letter_m": (
        -11, 35, 33, 52, -12, 66,
        2, 76, 62, 32,  0, 72, 65, 30,  -3, 72, 54, 35,  -5, 80, 64, 46,
    ),
    "letter_n": (
        -12, 27, 14, 48, -12, 71,
        0, 63, 67, 24,  0, 68, 62, 36,  -4, 70, 92, 70,  -5, 69, 86, 69,
    ),
    "letter_t": (
        -30, -2, -13, 51, -12, 17,
        6, 39, 65, 36,  -1, 90, 89, 45,  -4, 72, 96, 55,  -3, 76, 86, 57,
    ),
}  # fmt: skip
