"""The launch file read as text: wiring only, everything described. Needs no ROS."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LAUNCH_FILES = sorted((REPOSITORY / "launch").glob("*.launch.py"))
MAY_IMPORT = {"__future__", "launch", "launch_ros", "lifecycle_msgs"}


def imported(tree: ast.AST) -> set[str]:
    """Top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or "").split(".")[0])
    return found


def texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_there_is_a_pipeline():
    assert "pipeline.launch.py" in [path.name for path in LAUNCH_FILES]


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_only_wiring(path):
    tree = ast.parse(path.read_text(), str(path))
    compile(tree, str(path), "exec")
    assert imported(tree) <= MAY_IMPORT
    assert "generate_launch_description" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    "source",
    ["import numpy as np", "def f():\n    from hand_pose_ros import camera", "import cv2.dnn", "from . import x"],
)
def test_other_imports_are_seen(source):
    assert not imported(ast.parse(source)) <= MAY_IMPORT


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_starts_nodes_that_exist(path):
    executables = {text for text in texts(ast.parse(path.read_text())) if text.endswith("_node") and " " not in text}
    assert executables
    missing = [name for name in executables if not (REPOSITORY / "hand_pose_ros" / "nodes" / f"{name}.py").is_file()]
    assert not missing


def test_installed_files_exist():
    assert (REPOSITORY / "config" / "hand_pose.rviz").is_file()
    assert "hand_pose.rviz" in texts(ast.parse((REPOSITORY / "launch" / "pipeline.launch.py").read_text()))
