"""MediaPipe's networks behind our contract. Skipped where ``hand_pose_ros models fetch`` has not been run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.anchors import anchor_centres
from hand_pose_ros.networks.build import build_network, load_model
from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.mediapipe import HandLandmarks, PalmDetector
from hand_pose_ros.networks.model_card import available_models, find_card
from hand_pose_ros.networks.model_files import find_weights
from hand_pose_ros.networks.tflite import ModelFileError, Tensor, TFLiteGraph

MODELS = ("mediapipe_full", "mediapipe_lite")
# What the TFLite interpreter (ai-edge-litert 2.3.0, float32) computes from ``picture``, in the file's order.
INTERPRETER = json.loads(Path(__file__).with_name("tflite_interpreter.json").read_text())


def weights_are_here() -> bool:
    try:
        cards = [find_card(name) for name in MODELS]
        return all(find_weights(s["weights"]["file"], card.folder) for card in cards for s in card.stages().values())
    except ModelFileError:
        return False


fetched = pytest.mark.skipif(not weights_are_here(), reason="run: hand_pose_ros models fetch")


def picture(size: int) -> np.ndarray:
    """A smooth pattern (1, 3, size, size), the same for the interpreter."""
    y, x = np.mgrid[:size, :size] / size
    bands = [0.5 + 0.5 * np.sin(9 * x + 3 * y), x * y, 0.5 + 0.5 * np.cos(7 * y - 4 * x * x)]
    return np.stack(bands)[None].astype(np.float32)


def expected(model: str, stage: str) -> dict:
    return INTERPRETER[Path(find_card(model).stages()[stage]["weights"]["file"]).stem]


def test_anchors_stand_in_the_middle_of_their_cells_fine_grid_first():
    centres = anchor_centres(192, (8, 16, 16, 16))
    assert centres.shape == (2016, 2)
    np.testing.assert_allclose(centres[:4], [[0.5 / 24, 0.5 / 24]] * 2 + [[1.5 / 24, 0.5 / 24]] * 2, rtol=1e-6)
    np.testing.assert_allclose(centres[48], [0.5 / 24, 1.5 / 24], rtol=1e-6)
    np.testing.assert_allclose(centres[1152:1158], [[0.5 / 12, 0.5 / 12]] * 6, rtol=1e-6)
    np.testing.assert_allclose(centres[-1], [11.5 / 12, 11.5 / 12], rtol=1e-6)


def test_both_cards_are_among_the_packages_own():
    assert set(MODELS) <= set(available_models())


@fetched
@pytest.mark.parametrize("runtime", ["torch", "onnxruntime"])
@pytest.mark.parametrize("model", MODELS)
def test_landmarks_are_those_of_the_tflite_interpreter(model, runtime):
    stage, wanted = load_model(model, "cpu", 1, runtime=runtime).pose, expected(model, "pose")
    found = call(stage, picture(224))
    landmarks = np.reshape(wanted["landmarks"], (21, 3))
    # Pixel indices of a 224-pixel crop are 0.5 / 224 short of the place on the continuous square.
    np.testing.assert_allclose(found["keypoints"][0] * 224 - 0.5, landmarks[:, :2], atol=2e-3)
    np.testing.assert_allclose(found["depth"][0] * 224, landmarks[:, 2], atol=2e-3)
    np.testing.assert_allclose(found["joints"][0], np.reshape(wanted["world"], (21, 3)), atol=1e-5)
    np.testing.assert_allclose(found["presence"], wanted["presence"], atol=1e-5)
    np.testing.assert_allclose(found["right"], wanted["handedness"], atol=1e-4)


@fetched
@pytest.mark.parametrize("runtime", ["torch", "onnxruntime"])
@pytest.mark.parametrize("model", MODELS)
def test_palms_are_those_of_the_tflite_interpreter(model, runtime):
    stage, wanted = load_model(model, "cpu", 1, runtime=runtime).localiser, expected(model, "localiser")
    found = call(stage, picture(192))
    rows, regressors = wanted["rows"], np.array(wanted["regressors"])
    anchors = anchor_centres(192, (8, 16, 16, 16))[rows] * 192 + 0.5
    np.testing.assert_allclose(found["score"][0, rows], 1 / (1 + np.exp(-np.array(wanted["logits"]))), atol=1e-4)
    np.testing.assert_allclose(found["box"][0, rows, :2] * 192, regressors[:, :2] + anchors, atol=2e-3)
    np.testing.assert_allclose(found["box"][0, rows, 2:] * 192, regressors[:, 2:4], atol=2e-3)
    np.testing.assert_allclose(found["axis"][0, rows, 0] * 192, regressors[:, 4:6] + anchors, atol=2e-3)
    np.testing.assert_allclose(found["axis"][0, rows, 1] * 192, regressors[:, 8:10] + anchors, atol=2e-3)


@fetched
@pytest.mark.parametrize("name", ["localiser", "pose"])
def test_a_batch_gives_what_its_images_give_one_by_one(name):
    stage = getattr(load_model("mediapipe_full", "cpu", 1), name)
    images = np.random.default_rng(2).random((3, 3, stage.input_size, stage.input_size), dtype=np.float32)
    batch = stage(images)
    check_outputs(name, batch, 3)
    for n in range(3):
        alone = stage(images[n : n + 1])
        for output, value in alone.items():
            np.testing.assert_allclose(batch[output][n], value[0], atol=1e-4)


@fetched
def test_half_precision_changes_little():
    # On 52 real hands: 0.03 px median, 0.31 px at most. This pattern is no hand, and the network is less sure of it.
    half = build_network(find_card("mediapipe_full"), "pose").half()
    with torch.inference_mode():
        found = half(torch.from_numpy(picture(224)).half())
    wanted = np.reshape(expected("mediapipe_full", "pose")["landmarks"], (21, 3))[:, :2]
    assert np.abs(found["keypoints"][0].numpy() * 224 - 0.5 - wanted).max() < 3.0
    assert found["keypoints"].dtype == torch.float32


@pytest.mark.parametrize("network", [PalmDetector, HandLandmarks])
def test_a_graph_that_is_another_network_is_refused(network):
    tensors = (Tensor("image", (1, 128, 128, 3), None), Tensor("out", (1, 896, 16), None))
    with pytest.raises(ModelFileError, match=r"expected input .*found \(1, 128, 128, 3\)"):
        network(TFLiteGraph(tensors, (), (0,), (1,)))


def call(stage, images: np.ndarray) -> dict[str, np.ndarray]:
    found = stage(images if stage.runtime == "onnxruntime" else torch.from_numpy(images))
    return {name: np.asarray(value) for name, value in found.items()}
