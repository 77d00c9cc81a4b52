"""A training step of the papers' networks in the memory order that the trainer uses."""

import os
import subprocess
import sys

import pytest

STEP = """
import torch
from hand_pose_ros.networks.{module} import {kind}
torch.manual_seed(0)
network = {kind}({arguments}).to(memory_format=torch.channels_last)
images = torch.rand(4, 3, 64, 64).to(memory_format=torch.channels_last)
outputs = network(images)
outputs = [item for value in outputs.values() for item in (value if isinstance(value, list) else [value])]
sum(value.float().square().sum() for value in outputs if value.requires_grad).backward()
print("learnt")
"""
NETWORKS = {
    "chernytska.ChernytskaPose": "size=64, width=0.125", "kourbane.KourbanePose": "size=64, width=0.125",
    "shin.ShinPose": "size=64, width=0.25",
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_in_channels_last_order_does_not_crash(name):
    # In a process of its own: 1 x 1 convolutions with a stride crashed torch 2.13 there.
    module, kind = name.split(".")
    script = STEP.format(module=module, kind=kind, arguments=NETWORKS[name])
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (found.returncode, found.stdout.strip()) == (0, "learnt"), found.stderr[-500:]
