"""A folder of cards with toy networks, and a weights folder that belongs to the test alone."""

import shutil
from pathlib import Path

import pytest
import yaml

import hand_pose_ros.networks
from hand_pose_ros.networks.model_files import sha256_of


@pytest.fixture
def weights_folder(tmp_path, monkeypatch):
    """The only weights folder: what the machine has installed is out of sight."""
    folder = tmp_path / "weights"
    monkeypatch.setattr("hand_pose_ros.networks.model_files.weights_folders", lambda: [folder])
    monkeypatch.setattr("hand_pose_ros.networks.onnx_export.weights_folders", lambda: [folder])
    return folder


@pytest.fixture
def toys(tmp_path, monkeypatch, weights_folder):
    """``toys(changes)`` writes the card ``toy`` with its weights and returns the folder of cards."""
    import safetensors.torch
    import torch

    modules, cards = tmp_path / "modules", tmp_path / "cards"
    modules.mkdir()
    cards.mkdir()
    shutil.copy(Path(__file__).with_name("toy_networks.py"), modules / "toy_networks.py")
    monkeypatch.setattr(hand_pose_ros.networks, "__path__", [*hand_pose_ros.networks.__path__, str(modules)])

    def write(**changes):
        from hand_pose_ros.networks import toy_networks

        torch.manual_seed(0)
        safetensors.torch.save_file(toy_networks.ToyPose().state_dict(), cards / "toy_pose.safetensors")
        digest = sha256_of(cards / "toy_pose.safetensors")
        card = {
            "name": "toy", "summary": "A toy.", "licence": "Apache-2.0", "source": "this test",
            "localiser": {"network": "toy_networks.ToyLocaliser", "arguments": {"candidates": 5}, "input_size": 32},
            "pose": {
                "network": "toy_networks.ToyPose", "input_size": 48,
                "weights": {"file": "toy_pose.safetensors", "sha256": digest},
            },
        }  # fmt: skip
        for key, value in changes.items():
            *parents, last = key.split("__")
            part = card
            for parent in parents:
                part = part[parent]
            part[last] = value
            if value is ...:
                del part[last]
        (cards / "toy.yaml").write_text(yaml.safe_dump(card))
        return cards

    return write
