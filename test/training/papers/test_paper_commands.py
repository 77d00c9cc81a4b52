"""Each configuration of the papers' systems trains with its one command, from a store on disk to weights and figures.

The command, the sources, the augmentation, the phases and the validation are the configuration's; networks are narrow,
crops small and stores of four crops, so that it takes seconds. Where a configuration draws its hands while it trains,
it reads the store instead: drawing is tested with the renderer. That networks of the published size can be built is
tested in ``test_recipes.py``, their shapes in ``test/networks``; no step of theirs is taken here.
"""

import json
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from hand_pose_ros.cli import main

CONFIGS = Path(__file__).parents[3] / "config" / "training"
SYSTEMS = ("zimmermann", "chernytska", "kourbane", "shin", "he")
PATHS = [path for path in sorted(CONFIGS.glob("*.yaml")) if path.stem.split("_")[0] in SYSTEMS]
NARROW = {
    "zimmermann": {"width": 0.0625, "input_size": 64, "lifting_width": 0.1}, "pose_prior_net": {"width": 0.1},
    "hand_seg_net": {"width": 0.0625, "input_size": 64}, "gesture_net": {}, "he": {"channels": 16, "input_size": 64},
}  # fmt: skip
FOUR = {"count": 4, "batch": 4}


def small(path: Path) -> dict:
    """The configuration with a narrow network, crops of 64 pixels, the stores ``train`` and ``held_back``."""
    content = yaml.safe_load(path.read_text())
    module = content["network"]["class"].partition(".")[0]
    content["network"] |= NARROW.get(module, {"size": 64, "width": 0.0625})
    content["size"] = min(content.get("size", 64), 64)
    content["validation"] |= FOUR
    for block in content["sources"].values():
        if block.get("kind") == "live_renderer":
            block |= {"kind": "rendered_store", "folder": "train"}
    return content


@pytest.fixture(scope="module")
def stores(tmp_path_factory, rendered_store):
    folder = tmp_path_factory.mktemp("stores")
    for name in ("train", "held_back"):
        rendered_store(folder / name)
    return folder


def test_there_is_a_small_and_a_published_configuration_of_every_system():
    names = {path.stem for path in PATHS}
    assert names >= {*SYSTEMS, *(f"{name}_small" for name in SYSTEMS)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_one_command_trains_it(path, stores, tmp_path, capsys):
    config, output = tmp_path / path.name, tmp_path / "run"
    config.write_text(yaml.safe_dump(small(path)))
    torch.set_num_threads(1)
    command = [
        "train",
        config,
        "--output",
        output,
        "--stores",
        stores,
        "--device",
        "cpu",
        "--steps",
        "4",
        "--batch",
        "4",
    ]
    assert main([str(word) for word in command]) == 0, capsys.readouterr().err
    figures = json.loads((output / "figures.json").read_text())
    assert (figures["steps"], figures["examples"]) == (4, 16)
    weights = load_file(output / f"{path.stem}.safetensors")
    assert all(torch.isfinite(value.float()).all() for value in weights.values())
