"""Every configuration in config/training can be read, and its network and task can be made."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from hand_pose_ros.training.trainer.config import read_config
from hand_pose_ros.training.trainer.data import KINDS
from hand_pose_ros.training.trainer.optimiser import begin_phase
from hand_pose_ros.training.trainer.preparation import augmentation_settings
from hand_pose_ros.training.trainer.schedule import Phase

FOLDER = Path(__file__).resolve().parents[3] / "config/training"
RECIPES = [
    path
    for path in sorted(FOLDER.glob("*.yaml"))
    if isinstance((content := yaml.safe_load(path.read_text())), dict) and isinstance(content.get("network"), dict)
]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_configuration_makes_its_task_and_its_phases_name_parts_of_the_network(path):
    config = read_config(path)
    task = config.build_task()
    augmentation_settings(config.augmentation)
    for phase in config.schedule.phases or tuple(task.phases) or (Phase(),):
        begin_phase(task.network, phase, config.schedule)
    for block in {**config.sources, **config.validation.sources}.values():
        if isinstance(block, dict) and "kind" in block:
            assert block["kind"] in KINDS


def test_there_are_recipes_for_ten_minutes_and_for_a_gpu():
    assert {"ten_minutes", "full_gpu"} <= {path.stem for path in RECIPES}
