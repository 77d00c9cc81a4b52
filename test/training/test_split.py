"""Held-back skins and poses never reach training."""

import numpy as np
import pytest

from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.split import ALL, HELD_BACK, TRAIN, part_of


def test_parts_are_disjoint_and_complete():
    train, held_back = part_of(range(20), TRAIN), part_of(range(20), HELD_BACK)
    assert held_back == [4, 9, 14, 19]
    assert sorted(train + held_back) == part_of(range(20), ALL) == list(range(20))


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="'test': give one of all, train, held_back"):
        part_of(range(20), "test")


def test_too_few_to_hold_back():
    with pytest.raises(ValueError, match="give at least 5"):
        part_of(range(3), HELD_BACK)


def test_the_prior_knows_only_its_own_poses():
    priors = {split: PosePrior(np.random.default_rng(0), variants=1, split=split) for split in (TRAIN, HELD_BACK)}
    assert set(priors[TRAIN].names).isdisjoint(priors[HELD_BACK].names)
    assert set(priors[TRAIN].names) | set(priors[HELD_BACK].names) == set(ALL_POSES)
    with pytest.raises(ValueError, match="is unknown"):
        priors[TRAIN].named(str(priors[HELD_BACK].names[0]))
