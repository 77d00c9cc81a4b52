"""``model: zimmermann`` and ``model: he`` from the image to hands, with weights that know nothing."""

import shutil

import numpy as np
import pytest
import yaml
from safetensors.torch import save_file

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.crop import square_box
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.networks.build import build_network, load_model
from hand_pose_ros.networks.model_card import find_card
from hand_pose_ros.networks.model_files import ModelFileError, cards_folder, find_weights

NAMES = ("zimmermann", "he")
IMAGE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)


@pytest.fixture
def untrained(tmp_path):
    """A folder with the cards, and freshly initialised weights of all networks that are trained here."""
    for name in NAMES:
        shutil.copy(cards_folder() / f"{name}.yaml", tmp_path)
        content = yaml.safe_load((tmp_path / f"{name}.yaml").read_text())
        for stage in ("localiser", "pose"):
            weights = content[stage].get("weights", {})
            if "train" in weights:
                weights.pop("sha256", None)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
        for stage in ("localiser", "pose"):
            file = (content[stage]["weights"])["file"]
            if file.endswith(".safetensors"):
                save_file(_fresh(tmp_path, name, content, stage), tmp_path / file)
    return tmp_path


def _fresh(folder, name, content, stage):
    """State of the network that the card's stage describes, as training writes it: half precision."""
    bare = content | {"name": "bare", stage: {k: v for k, v in content[stage].items() if k != "weights"}}
    (folder / "bare.yaml").write_text(yaml.safe_dump(bare))
    network = build_network(find_card("bare", folder), stage)
    (folder / "bare.yaml").unlink()
    halves = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    return {key: value.contiguous() for key, value in halves.items()}


def _palm_detector_is_here():
    try:
        return bool(find_weights("palm_detection_full.tflite", cards_folder()))
    except ModelFileError:
        return False


@pytest.mark.parametrize("name", NAMES)
def test_from_image_to_metres(untrained, name):
    if name == "he" and not _palm_detector_is_here():
        pytest.skip("MediaPipe's palm detector is not fetched")
    model = load_model(name, "cpu", models_dir=untrained, runtime="torch")
    settings = EstimatorSettings(min_score=0.0, min_presence=0.0)
    estimator = HandEstimator(model, settings)
    camera = CameraModel.from_fov(160, 120, 60.0)
    hands = estimator(IMAGE, camera)
    assert all(np.isfinite(hand.keypoints_px).all() for hand in hands)
    [[hand]] = estimator.estimate([IMAGE], [[square_box((80, 60), 90)]], [camera], HandScales())
    assert hand.keypoints_px.shape == (21, 2)
    assert np.isfinite(hand.normalized_joints).all()
    again = estimator.pose_crop(hand.keypoints_px)
    assert again.angle_rad == 0.0 or name == "he"


def test_the_mask_becomes_upright_crops(untrained):
    model = load_model("zimmermann", "cpu", models_dir=untrained, runtime="torch")
    estimator = HandEstimator(model, EstimatorSettings(min_score=0.0))
    [detections] = estimator.detect([IMAGE])
    assert all(found.box.angle_rad == 0.0 and found.side is None for found in detections)


@pytest.mark.parametrize("name", NAMES)
def test_missing_weights_name_the_command_that_trains_them(name, tmp_path, monkeypatch):
    monkeypatch.setattr("hand_pose_ros.networks.model_files.weights_folders", lambda: [])
    shutil.copy(cards_folder() / f"{name}.yaml", tmp_path)
    with pytest.raises(ModelFileError, match=f"config/training/{name}_small.yaml"):
        build_network(find_card(name, tmp_path), "pose")
