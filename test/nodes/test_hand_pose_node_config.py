"""The shipped parameter file and the documented defaults are the node's own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy")
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.nodes.parameters import names

pytestmark = pytest.mark.ros
CONFIG = Path(__file__).parents[2] / "config" / "pipeline.yaml"


def test_the_shipped_file_holds_the_defaults_and_no_unknown_name(live, capfd):
    plain, configured = live(state=""), live(state="", arguments=["--ros-args", "--params-file", str(CONFIG)])
    # Whoever changes a default changes config/pipeline.yaml with it.
    assert configured.node.settings == plain.node.settings
    assert configured.node.pipeline_settings == plain.node.pipeline_settings
    assert "not one of this node's" not in capfd.readouterr().err


def test_the_manual_names_every_parameter_of_the_node():
    text = (CONFIG.parents[1] / "docs" / "hand_pose_node.md").read_text()
    missing = [name for name in names(NodeSettings()) if f"`{name}`" not in text]
    assert not missing


def test_a_parameter_file_reaches_every_kind_of_field(live, tmp_path):
    text = CONFIG.read_text()
    for old, new in (
        ("max_hands: 2", "max_hands: 5"), ('cameras: [""]', "cameras: [front, wrist]"), ("hold_s: 0.0", "hold_s: 1"),
        ("lazy: false", "lazy: true"), ('tf_prefix: ""', "tf_prefix: robot1/"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    node = live(state="", arguments=["--ros-args", "--params-file", str(path)]).node
    assert node.settings.cameras == ("front", "wrist")
    assert node.settings.lazy is True
    assert node.settings.tf_prefix == "robot1/"
    assert node.pipeline_settings.estimator.max_hands == 5
    assert node.pipeline_settings.tracking.hold_s == 1.0
