"""Dependencies point one way: nodes -> core -> networks; training -> core, networks. Every rule is shown to bite."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "hand_pose_ros"
NAME = "hand_pose_ros"
ROS = {"rclpy", "rosbag2_py", "cv_bridge", "tf2_ros", "tf2_py", "tf_transformations", "message_filters", "std_srvs"}
TRAINING_ONLY = {"matplotlib", "moderngl", "onnx", "scipy"}
NOWHERE = {"torchvision", "mediapipe"}
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}
# The subcommands that exist to start something in training/.
TRAINING_COMMANDS = {"evaluate", "export", "frames", "pseudo_label", "render", "teacher_noise", "train"}

# A script for the MediaPipe package's own Python, where nothing of this project is. Nothing may import it.
OTHER_PYTHON = "training/evaluation/mediapipe_worker.py"


def imported_modules(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of all that the file imports, inside functions and by import_module() too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def is_ros(name: str) -> bool:
    """Whether a dotted name belongs to ROS: client library, messages, services, TF, the generated interfaces."""
    top = name.split(".")[0]
    generated = name.startswith((f"{NAME}.msg", f"{NAME}.srv"))
    return top in ROS or top.startswith("rosidl_") or top.endswith(("_msgs", "_interfaces")) or generated


def complaint(room: str, stem: str, name: str) -> str | None:
    """Why a module ``stem`` in ``room`` ("" is the core) may not import ``name``; None if it may."""
    top, inner = name.split(".")[0], name.split(".")[1:] if name.startswith(f"{NAME}.") else []
    target = inner[0] if inner else ""
    trains = room == "training" or (room == "commands" and stem in TRAINING_COMMANDS)
    if top in NOWHERE or name.rpartition(".")[2] == Path(OTHER_PYTHON).stem:
        return "not for this package's Python"
    if target == "nodes" and room != "nodes":
        return "nothing imports nodes"
    if is_ros(name) and room != "nodes":
        return "ROS is known in nodes/ only"
    if target == "training" and not trains:
        return "runtime modules do not import training"
    if top in TRAINING_ONLY and not trains:
        return f"{top} is for training only"
    if room == "networks" and (top == "cv2" or (inner and target != "networks")):
        return "networks know neither cv2 nor the core"
    if target in {"commands", "cli"} and stem not in {"cli", "__main__"} and room != "commands":
        return "the command line is imported by nothing"
    return None


def breaches(package: Path) -> list[str]:
    """Every breach below the package's folder, as "file:line imports name: reason"."""
    found = []
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        if relative.as_posix() == OTHER_PYTHON:
            continue
        names = {part.lower() for part in relative.with_suffix("").parts}
        if VAGUE_NAMES & names or "manager" in path.stem.lower():
            found.append(f"{relative}: say in the name what it holds")
        room = relative.parts[0] if len(relative.parts) > 1 else ""
        module = ".".join([NAME, *relative.with_suffix("").parts]).removesuffix(".__init__")
        for line, name in imported_modules(path, module):
            if reason := complaint(room, path.stem, name):
                found.append(f"{relative}:{line} imports {name}: {reason}")
    return found


def test_the_package_keeps_its_walls():
    assert len(list(PACKAGE.rglob("*.py"))) > 10
    assert breaches(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("camera.py", "import rclpy"),
        ("camera.py", "from sensor_msgs.msg import CameraInfo"),
        ("pipeline.py", "from hand_pose_ros.msg import HandPose"),
        ("pipeline.py", "from .msg import HandPose"),
        ("pipeline.py", "def late():\n    import tf2_ros"),
        ("commands/run.py", "from tf2_msgs.msg import TFMessage"),
        ("commands/run.py", "from hand_pose_ros.nodes.hand_pose_node import HandPoseNode"),
        ("commands/run.py", "from hand_pose_ros import nodes"),
        ("commands/run.py", "import importlib\nimportlib.import_module('hand_pose_ros.nodes.camera_node')"),
        ("training/train.py", "from hand_pose_ros.nodes import conversions"),
        ("estimator.py", "from hand_pose_ros.training import losses"),
        ("nodes/hand_pose_node.py", "from ..training.losses import l1"),
        ("commands/predict.py", "from hand_pose_ros.training import metrics"),
        ("networks/build.py", "import cv2"),
        ("networks/build.py", "from hand_pose_ros.camera import CameraModel"),
        ("networks/build.py", "from .. import camera"),
        ("networks/parts/head.py", "from ...camera import CameraModel"),
        ("networks/resnet.py", "from torchvision.models import resnet18"),
        ("training/teacher.py", "import mediapipe as mp"),
        ("training/evaluation/system.py", "from . import mediapipe_worker"),
        ("overlay.py", "import matplotlib.pyplot as plt"),
        ("networks/onnx_export.py", "import onnx"),
        ("pipeline.py", "from hand_pose_ros.commands import predict"),
        ("utils.py", ""),
        ("training/common.py", ""),
        ("helpers/boxes.py", ""),
        ("track_manager.py", ""),
    ],
)
def test_a_planted_breach_is_found(tmp_path, file, line):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(line)
    found = breaches(tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(file)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("nodes/hand_pose_node.py", "import rclpy\nfrom hand_pose_ros.msg import HandPose\nfrom . import conversions"),
        ("nodes/hand_pose_node.py", "from ..pipeline import HandPosePipeline"),
        ("pipeline.py", "import cv2\nfrom hand_pose_ros.networks.build import load_model\nfrom . import camera"),
        ("networks/build.py", "import torch\nfrom .mediapipe import Palm\nfrom hand_pose_ros.networks import stage"),
        ("training/train.py", "import scipy\nfrom hand_pose_ros.pipeline import Frame\nfrom . import losses"),
        ("commands/evaluate.py", "from hand_pose_ros.training.evaluate import evaluate"),
        ("networks/onnx_export.py", "import onnxruntime"),
    ],
)
def test_what_is_allowed_passes(tmp_path, file, line):
    allowed = tmp_path / file
    allowed.parent.mkdir(parents=True, exist_ok=True)
    allowed.write_text(line)
    assert breaches(tmp_path) == []
