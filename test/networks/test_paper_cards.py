"""The papers' cards: a missing file says how to make it; with weights of any kind they run from image to hand."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.networks import build
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.networks.model_card import find_card
from hand_pose_ros.networks.model_files import cards_folder
from hand_pose_ros.networks.tflite import ModelFileError

CONFIGS = Path(__file__).parents[2] / "config" / "training"
NAMES = ("chernytska", "kourbane", "shin")


def trained_stages(name):
    return {stage: part for stage, part in find_card(name).stages().items() if "train" in (part.get("weights") or {})}


@pytest.mark.parametrize("name", NAMES)
def test_a_cards_network_is_the_one_that_its_command_trains(name):
    for part in trained_stages(name).values():
        file = Path(part["weights"]["file"]).stem
        config = yaml.safe_load((CONFIGS / f"{file}.yaml").read_text())
        network = dict(config["network"])
        assert part["network"] == network.pop("class")
        assert config["name"] == file
        assert part["weights"]["train"].startswith(f"hand_pose_ros train config/training/{file}.yaml")
        assert part["arguments"].items() >= network.items()
        assert part["input_size"] == config["size"] == network["size"]


@pytest.fixture
def untrained(tmp_path, weights_folder):
    """``untrained(name)``: a folder with the card, random weights where the user has to train, a stand-in localiser."""

    def write(name):
        card = yaml.safe_load((cards_folder() / f"{name}.yaml").read_text())
        for stage in ("localiser", "pose"):
            part = card[stage]
            if part["network"].startswith("mediapipe"):
                part |= {"network": "shin.ShinLocaliser", "arguments": {"size": 64, "width": 0.125}, "input_size": 64}
                del part["weights"]
                continue
            part["arguments"] |= {"size": 64, "width": 0.125}
            part["input_size"] = 64
            part["weights"].pop("sha256", None)
            network = build._network_class(find_card(name), part["network"])(**part["arguments"])
            state = {key: value.half() for key, value in network.state_dict().items()}
            safetensors.torch.save_file(state, tmp_path / part["weights"]["file"])
        if card.get("lifter"):
            (tmp_path / card["lifter"]["weights"]["file"]).symlink_to(
                cards_folder() / card["lifter"]["weights"]["file"]
            )
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(card))
        return tmp_path

    return write


@pytest.mark.parametrize("runtime", ["onnxruntime", "torch"])
@pytest.mark.parametrize("name", NAMES)
def test_from_image_to_hands_in_metres(name, runtime, untrained):
    torch.manual_seed(0)
    model = load_model(name, "cpu", 1, untrained(name), runtime=runtime)
    estimator = HandEstimator(model, EstimatorSettings(min_score=0.0, min_presence=0.0))
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    camera = CameraModel.from_fov(160, 120, 60.0)
    found = estimator.detect([image])[0]
    assert all(detection.box.angle_rad == 0 for detection in found)  # upright crops
    boxes = [[detection.box for detection in found[:1]] or [estimator.pose_crop(np.random.rand(21, 2) * 60 + 30)]]
    from hand_pose_ros.hand_scale import HandScales

    [[hand]] = estimator.estimate([image], boxes, [camera], HandScales())
    assert hand.keypoints_px.shape == (21, 2)
    assert np.isfinite(hand.normalized_joints).all()
    assert estimator.pose_crop(hand.keypoints_px).angle_rad == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_says_how_to_make_it(name, untrained):
    folder = untrained(name)
    for part in trained_stages(name).values():
        path = folder / part["weights"]["file"]
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(ModelFileError, match=rf"train them: hand_pose_ros train config/training/{path.stem}\.yaml"):
            load_model(name, "cpu", 1, folder, runtime="torch")
        path.write_bytes(content)
