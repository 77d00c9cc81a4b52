"""ROS stamps and float seconds. Seconds since 1970 resolve 0.2 microseconds; headers are copied, not rebuilt."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time


def seconds(stamp: Time) -> float:
    """A stamp in seconds."""
    return stamp.sec + stamp.nanosec * 1e-9


def stamp(seconds: float) -> Time:
    """A stamp from seconds >= 0 (rounded to nanoseconds)."""
    if not (math.isfinite(seconds) and 0.0 <= seconds < 2**31):
        raise ValueError(f"stamp of {seconds} s: give finite seconds from 0 to {2**31}")
    nanoseconds = round(seconds * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
