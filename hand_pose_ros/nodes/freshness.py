"""Is an image still worth working on? Its stamp against the node's clock, and against the images before it."""

from __future__ import annotations

import enum

# Beyond these an image was stamped by another clock (a bag without --clock, a camera's uptime, a second computer): its
# age means nothing, and dropping everything in silence would help nobody.
OLDEST_AGE_S = 10.0
YOUNGEST_AGE_S = -0.5
# A stamp this far back is a bag that starts again; less is an image overtaken by its successor.
LOOP_S = 0.5


class Age(enum.Enum):
    """What an image's stamp says."""

    FRESH = "fresh"
    STALE = "stale"
    UNSTAMPED = "unstamped"
    OTHER_CLOCK = "other clock"


class Order(enum.Enum):
    """Where an image's stamp lies after the one before it."""

    NEXT = "next"
    OVERTAKEN = "overtaken"
    LOOPED = "looped"


def age_of(stamp_s: float, now_s: float, max_age_s: float) -> Age:
    """Judge a stamp by the node's clock; ``max_age_s`` 0 accepts any age. A simulated clock that has not begun is 0."""
    if stamp_s <= 0.0:
        return Age.UNSTAMPED
    age_s = now_s - stamp_s
    if now_s <= 0.0 or not YOUNGEST_AGE_S <= age_s <= max(OLDEST_AGE_S, 2.0 * max_age_s):
        return Age.OTHER_CLOCK
    return Age.STALE if max_age_s and age_s > max_age_s else Age.FRESH


def order_of(stamp_s: float, last_s: float | None) -> Order:
    """Judge a stamp by the one before it. Equal stamps are accepted: some publishers repeat a still picture."""
    if last_s is None or stamp_s >= last_s:
        return Order.NEXT
    return Order.LOOPED if last_s - stamp_s > LOOP_S else Order.OVERTAKEN
