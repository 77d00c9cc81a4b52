"""Which images are too late, and which were stamped by another clock."""

from __future__ import annotations

import pytest

from hand_pose_ros.nodes.freshness import Age, Order, age_of, order_of


@pytest.mark.parametrize(
    ("stamp", "now", "max_age", "expected"),
    [
        (100.0, 100.1, 0.5, Age.FRESH),
        (100.0, 100.5, 0.5, Age.FRESH),
        (100.0, 100.6, 0.5, Age.STALE),
        (100.0, 109.0, 0.5, Age.STALE),
        (100.0, 109.0, 0.0, Age.FRESH),
        (100.0, 111.0, 0.5, Age.OTHER_CLOCK),
        (100.0, 130.0, 20.0, Age.STALE),
        (100.0, 150.0, 20.0, Age.OTHER_CLOCK),
        (100.2, 100.0, 0.5, Age.FRESH),
        (101.0, 100.0, 0.5, Age.OTHER_CLOCK),
        (0.0, 100.0, 0.5, Age.UNSTAMPED),
        (100.0, 0.0, 0.5, Age.OTHER_CLOCK),
        (100.0, 1.7e9, 0.5, Age.OTHER_CLOCK),
    ],
)
def test_age(stamp, now, max_age, expected):
    assert age_of(stamp, now, max_age) is expected


@pytest.mark.parametrize(
    ("stamp", "last", "expected"),
    [
        (5.0, None, Order.NEXT),
        (5.0, 4.9, Order.NEXT),
        (5.0, 5.0, Order.NEXT),
        (4.9, 5.0, Order.OVERTAKEN),
        (4.4, 5.0, Order.LOOPED),
        (0.0, 5.0, Order.LOOPED),
    ],
)
def test_order(stamp, last, expected):
    assert order_of(stamp, last) is expected
