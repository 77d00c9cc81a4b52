"""Sources in processes of their own: order, continuation, and what happens when one fails."""

from functools import partial

import pytest
import torch
from toy_task import ToySource, failing_source, numbered_source, toy_config

from hand_pose_ros.training.trainer.data import feeding_source
from hand_pose_ros.training.trainer.feeders import Feeders


def test_batches_come_in_turn_and_continue_after_skipped_ones():
    expected = [ToySource(3), ToySource(4)]
    expected = [expected[index % 2].batch(8).inputs for index in range(5)]
    feeders = Feeders(partial(numbered_source, 3), 2)
    for _ in range(3):
        feeders.skip(8)
    try:
        for inputs in expected[3:]:
            torch.testing.assert_close(feeders.batch(8).inputs, inputs)
        with pytest.raises(RuntimeError, match="before the first"):
            feeders.skip(8)
    finally:
        feeders.close()


def test_what_a_feeder_raises_is_told():
    feeders = Feeders(failing_source, 1)
    try:
        with pytest.raises(RuntimeError, match="OSError: store of feeder 0 cannot be read"):
            feeders.batch(8)
    finally:
        feeders.close()


def test_feeders_draw_different_examples():
    config = toy_config()
    first, second = (feeding_source(config, None, 7, feeder).batch(4).inputs for feeder in (0, 1))
    assert not torch.equal(first, second)
