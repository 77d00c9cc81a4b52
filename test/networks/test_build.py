"""From a card to a model that runs, with toy networks: loading, runtimes, and every refusal."""

import logging
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

from hand_pose_ros.networks.build import build_network, load_model
from hand_pose_ros.networks.contract import ContractError
from hand_pose_ros.networks.device import DeviceError
from hand_pose_ros.networks.model_card import ModelCardError, find_card
from hand_pose_ros.networks.tflite import ModelFileError


def images(stage, batch):
    return np.random.default_rng(0).random((batch, 3, stage.input_size, stage.input_size), dtype=np.float32)


def test_a_new_network_is_one_module_and_one_card(toys):
    model = load_model("toy", "cpu", models_dir=toys())
    assert (model.device, model.localiser.runtime, model.localiser.input_size) == ("cpu", "onnxruntime", 32)
    assert model.lifter is None
    found = model.localiser(images(model.localiser, 3))
    assert {name: value.shape for name, value in found.items()} == {
        "score": (3, 5), "box": (3, 5, 4), "axis": (3, 5, 2, 2),
    }  # fmt: skip
    assert model.pose.card["input_size"] == 48


def test_both_runtimes_give_the_same_for_any_batch(toys):
    cards = toys()
    onnx, eager = (load_model("toy", "cpu", 1, cards, runtime=runtime).pose for runtime in ("onnxruntime", "torch"))
    assert (onnx.runtime, eager.runtime) == ("onnxruntime", "torch")
    for batch in (1, 2, 5):
        given = images(onnx, batch)
        wanted, found = onnx(given), eager(torch.from_numpy(given))
        for name, value in wanted.items():
            assert isinstance(value, np.ndarray)
            np.testing.assert_allclose(value, found[name].numpy(), atol=1e-5)


def test_weights_come_from_the_safetensors_file(toys):
    cards = toys()
    stored = safetensors.torch.load_file(cards / "toy_pose.safetensors")
    for name, value in build_network(find_card("toy", cards), "pose").state_dict().items():
        torch.testing.assert_close(value, stored[name])


def test_a_lifter_says_what_it_takes(toys):
    model = load_model("toy", "cpu", models_dir=toys(lifter={"network": "toy_networks.ToyLifter"}))
    assert model.lifter(np.zeros((4, 21, 2), np.float32))["joints"].shape == (4, 21, 3)


def test_half_precision_runs_on_torch_and_returns_single_precision(toys):
    cards = toys()
    half = load_model("toy", "cpu", models_dir=cards, runtime="torch", half=True).pose
    single = load_model("toy", "cpu", models_dir=cards, runtime="torch").pose
    assert next(half.run.parameters()).dtype == torch.float16
    given = torch.from_numpy(images(half, 2))
    assert half(given)["keypoints"].dtype == torch.float32
    torch.testing.assert_close(half(given)["keypoints"], single(given)["keypoints"], atol=5e-3, rtol=0)


def test_no_images_are_refused(toys):
    with pytest.raises(ValueError, match="at least one"):
        load_model("toy", "cpu", models_dir=toys()).pose(np.zeros((0, 3, 48, 48), np.float32))


def test_the_export_is_cached_until_the_weights_or_arguments_change(toys, weights_folder):
    load_model("toy", "cpu", models_dir=toys())
    first = {path: path.stat().st_mtime_ns for path in (weights_folder / "onnx").iterdir()}
    load_model("toy", "cpu", models_dir=toys())
    assert {path: path.stat().st_mtime_ns for path in (weights_folder / "onnx").iterdir()} == first
    load_model("toy", "cpu", models_dir=toys(localiser__arguments={"candidates": 2}))
    assert len(list((weights_folder / "onnx").iterdir())) == len(first) + 1 == 3


def test_weights_without_a_sha256_are_exported_anew_when_they_change(toys):
    cards = toys()
    weights = {"file": "toy_pose.safetensors", "train": "make it"}
    given, found = None, []
    for shift in (0.0, 1.0):
        toys(pose__weights=weights)
        state = safetensors.torch.load_file(cards / "toy_pose.safetensors")
        state["head.bias"] += shift
        safetensors.torch.save_file(state, cards / "toy_pose.safetensors")
        pose = load_model("toy", "cpu", models_dir=cards, runtime="onnxruntime").pose
        given = images(pose, 1) if given is None else given
        found.append(pose(given)["presence"])
    assert abs(found[0] - found[1]) > 0.05
    (cards / "toy_pose.safetensors").unlink()
    with pytest.raises(ModelFileError, match="train them: make it"):
        load_model("toy", "cpu", models_dir=cards)


def test_a_mask_instead_of_candidates(toys):
    mask = {"localiser__network": "toy_networks.ToyMask", "localiser__arguments": {}}
    model = load_model("toy", "cpu", models_dir=toys(**mask))
    assert model.localiser(images(model.localiser, 2))["mask"].shape == (2, 8, 8)
    cards = toys(**mask | {"localiser__arguments": {"width": 4}})
    with pytest.raises(ContractError, match=r"'mask' has shape \(2, 8, 4\), expected \(2, 8, 8\)"):
        load_model("toy", "cpu", models_dir=cards)


def test_without_onnx_a_cached_export_is_used_and_else_torch_with_a_warning(toys, monkeypatch, caplog):
    cards = toys()
    load_model("toy", "cpu", models_dir=cards)
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnx" else object())
    assert load_model("toy", "cpu", models_dir=cards).localiser.runtime == "onnxruntime"
    with caplog.at_level(logging.WARNING):
        model = load_model("toy", "cpu", models_dir=toys(localiser__arguments={"candidates": 4}))
    assert (model.localiser.runtime, model.pose.runtime) == ("torch", "onnxruntime")
    assert "pip install onnx" in caplog.text
    assert model.localiser(torch.zeros(1, 3, 32, 32))["score"].shape == (1, 4)


@pytest.mark.parametrize("name", ["cuda:7777", "gpu", "cuda:", "cuda:-1", "CPU", ""])
def test_devices_that_are_not_there_are_refused(toys, name):
    with pytest.raises(DeviceError, match=r"auto.*cpu"):
        load_model("toy", name, models_dir=toys())


def test_cuda_without_a_gpu_is_refused_and_auto_takes_the_cpu(toys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="sees 0 CUDA devices"):
        load_model("toy", "cuda", models_dir=toys())
    assert load_model("toy", "auto", models_dir=toys()).device == "cpu"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"pose__network": "toy_networks.Absent"}, ModelCardError, "no network toy_networks.Absent"),
        ({"pose__network": "absent_module.Net"}, ModelCardError, "no network absent_module.Net"),
        ({"pose__network": "toy_networks.not_a_network"}, ModelCardError, "not a torch module"),
        ({"localiser__arguments": {"colour": 1}}, ModelCardError, "arguments .*colour"),
        ({"localiser__input_size": 64}, ModelCardError, "input_size is 64, its network takes 32"),
        ({"pose__network": "toy_networks.WithoutPresence"}, ContractError, "lacks the output 'presence'"),
        ({"pose__network": "toy_networks.TwentyKeypoints"}, ContractError, r"'keypoints' has shape \(2, 20, 2\)"),
        ({"pose__weights__sha256": "0" * 64}, ModelFileError, "sha256 is .*card says 0000"),
        ({"pose__weights__file": "absent.tflite"}, ModelFileError, "absent.tflite.*hand_pose_ros models fetch"),
    ],
)
def test_what_does_not_fit_is_refused(toys, change, error, message):
    with pytest.raises(error, match=message):
        load_model("toy", "cpu", models_dir=toys(**change))


def test_safetensors_of_another_network_are_refused(toys):
    with pytest.raises(ModelFileError, match="do not fit ToyLocaliser"):
        load_model("toy", "cpu", models_dir=with_localiser_weights(toys))


def with_localiser_weights(toys):
    import yaml

    cards = toys()
    weights = yaml.safe_load((cards / "toy.yaml").read_text())["pose"]["weights"]
    return toys(localiser__weights=weights)


BROKEN_WEIGHTS = {
    "truncated": lambda whole: whole[:200], "empty": lambda whole: b"", "text": lambda whole: b"404: not found",
    "zeros": lambda whole: bytes(len(whole)), "header of no end": lambda whole: b"\xff" * 8 + whole[8:],
    "header that is no JSON": lambda whole: whole[:8] + b"x" + whole[9:],
}  # fmt: skip


@pytest.mark.parametrize("defect", BROKEN_WEIGHTS)
def test_broken_safetensors_are_refused_even_with_a_matching_sha256(toys, defect):
    import hashlib

    cards = toys()
    path = cards / "toy_pose.safetensors"
    content = BROKEN_WEIGHTS[defect](path.read_bytes())
    card = cards / "toy.yaml"
    text = card.read_text().replace(hashlib.sha256(path.read_bytes()).hexdigest(), hashlib.sha256(content).hexdigest())
    card.write_text(text)
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"toy_pose\.safetensors.*give the file"):
        load_model("toy", "cpu", models_dir=cards)


@pytest.mark.parametrize(
    "content", [b"", b"TFL3", b"404: not found", bytes(1000), b"\x1c\x00\x00\x00TFL3" + b"\xff" * 500]
)
def test_broken_tflite_weights_are_refused_even_with_a_matching_sha256(toys, weights_folder, content):
    import hashlib

    weights_folder.mkdir()
    (weights_folder / "broken.tflite").write_bytes(content)
    weights = {"file": "broken.tflite", "sha256": hashlib.sha256(content).hexdigest()}
    with pytest.raises(ModelFileError, match=r"broken\.tflite.*hand_pose_ros models fetch"):
        load_model("toy", "cpu", models_dir=toys(pose__weights=weights))


def test_onnxruntime_on_cuda_and_unknown_runtimes_are_refused(toys, monkeypatch):
    with pytest.raises(ValueError, match="tensorrt"):
        load_model("toy", "cpu", models_dir=toys(), runtime="tensorrt")
    monkeypatch.setattr("hand_pose_ros.networks.build.resolve_device", lambda name: "cuda:0")
    with pytest.raises(DeviceError, match="CPU only"):
        load_model("toy", "cuda", models_dir=toys(), runtime="onnxruntime")
