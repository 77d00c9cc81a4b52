"""GestureNet's training on named poses."""

from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.training.papers.gesture_task import SignSource
from hand_pose_ros.training.trainer.config import read_config

CONFIG = Path(__file__).parents[3] / "config" / "training" / "zimmermann_gestures.yaml"


def test_configuration_has_an_output_for_every_named_pose():
    config = read_config(CONFIG)
    task, source = config.build_task(), SignSource(0, 0.1, True)
    assert config.network["signs"] == len(source.names)
    batch = source.batch(128)
    first = task.loss(task.network, batch, 0)["loss"]
    assert abs(first.item() - np.log(len(source.names))) < 0.5
    optimiser = torch.optim.Adam(task.network.parameters(), 1e-3)
    for step in range(40):
        optimiser.zero_grad()
        task.loss(task.network, batch, step)["loss"].backward()
        optimiser.step()
    assert task.validate(task.network.eval(), [batch])["accuracy"] > 0.8


def test_the_same_pose_of_either_hand_from_anywhere_is_shown_alike():
    source = SignSource(0, 0.0, True)
    batch = source.batch(400)
    spreads = [batch.joints[batch.sign == sign].std(0).mean().item() for sign in np.unique(batch.sign)]
    assert max(spreads) < 0.7 * batch.joints.std(0).mean().item()
    turned = SignSource(0, 0.0, False).batch(400)
    assert turned.joints[turned.sign == 0].std(0).mean() > 2 * spreads[0]


def test_batches_repeat_and_can_be_skipped():
    first, second = SignSource(3, 0.1, True), SignSource(3, 0.1, True)
    first.batch(4)
    second.skip(4)
    torch.testing.assert_close(first.batch(4).joints, second.batch(4).joints)
