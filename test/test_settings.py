"""Settings fields: types, limits and choices are checked with a message that names the field."""

import math
from dataclasses import dataclass

import pytest

from hand_pose_ros.settings import check, setting


@dataclass(frozen=True)
class Example:
    score: float = setting(0.5, "A score.", minimum=0.0, maximum=1.0)
    count: int = setting(2, "A count.", minimum=1)
    smooth: bool = setting(True, "A switch.")
    mode: str = setting("fast", "A mode.", choices=("fast", "exact"))


def test_defaults_and_limits_themselves_are_allowed():
    check(Example())
    check(Example(score=0.0, count=1, smooth=False, mode="exact"))
    check(Example(score=1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"score": 1.5}, r"score is 1\.5: give a number from 0\.0 to 1\.0 \(A score\.\)"),
        ({"score": math.nan}, "score is nan: give a finite number"),
        ({"score": "high"}, "score is 'high': give a number"),
        ({"score": True}, "score is True"),
        ({"count": 0}, "count is 0"),
        ({"count": 2.5}, "count is 2.5: give a whole number"),
        ({"smooth": 1}, "smooth is 1: give a value of type bool"),
        ({"mode": "slow"}, "mode is 'slow': give one of fast, exact"),
        ({"mode": 3}, "mode is 3: give a string"),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(values, message):
    with pytest.raises(ValueError, match=message):
        check(Example(**values))
