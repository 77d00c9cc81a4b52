"""The package as its users get it: version, command line, wheel, colcon build, declared dependencies."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from hand_pose_ros import cli
from hand_pose_ros.version import VERSION

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "hand_pose_ros"
NODES = sorted(path.stem for path in (PACKAGE / "nodes").glob("*_node.py"))
COLCON = Path(sys.prefix) / "bin" / "colcon"
# What the venv's own start-up hook adds; without it a process is that of a user who has sourced nothing.
SOURCED = ("PYTHONPATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "COLCON_PREFIX_PATH", "LD_LIBRARY_PATH")
BARE = {key: value for key, value in os.environ.items() if key not in (*SOURCED, "_ROS_WHEELS_BOOTSTRAP_COMPLETE")}


def run(*command, cwd, **arguments) -> subprocess.CompletedProcess:
    """Run a command to its end, output captured as text, in an environment in which nothing was sourced."""
    command = [str(part) for part in command]
    return subprocess.run(command, cwd=cwd, env=BARE, capture_output=True, text=True, timeout=600, **arguments)


def manifest() -> ElementTree.Element:
    return ElementTree.parse(REPOSITORY / "package.xml").getroot()


def test_one_version():
    assert manifest().findtext("version") == VERSION
    assert (REPOSITORY / "CHANGELOG.md").read_text().count(f"## {VERSION}") == 1


def test_the_command_line_runs_anywhere(tmp_path):
    done = run(sys.executable, "-m", "hand_pose_ros", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, VERSION), done.stderr


def test_version_loads_no_network_library(tmp_path):
    code = "import sys; from hand_pose_ros import cli; cli.main(['--version']); sys.exit('torch' in sys.modules)"
    assert run(sys.executable, "-c", code, cwd=tmp_path).returncode == 0


def test_every_command_has_help(capsys):
    assert {"predict", "models", "run"} <= set(cli.command_names())
    for name in cli.command_names():
        with pytest.raises(SystemExit) as left:
            cli.main([name, "--help"])
        assert left.value.code == 0
        assert f"hand_pose_ros {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["no_such_command"], ["--no-such-option"]])
def test_wrong_commands_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: hand_pose_ros" in capsys.readouterr().err


BLOCK = """
import sys, importlib

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ImportError(name + " is not there")

sys.meta_path.insert(0, Blocked())
for name in {modules}:
    importlib.import_module(name)
"""


def runtime_modules() -> list[str]:
    """The modules that run on a machine without ROS and without the training packages."""
    paths = [path.relative_to(REPOSITORY) for path in PACKAGE.rglob("*.py")]
    rooms = {"nodes", "training"}
    return sorted(".".join(path.with_suffix("").parts) for path in paths if not rooms & set(path.parts[1:-1]))


def test_the_runtime_needs_neither_ros_nor_the_training_packages(tmp_path):
    modules = [name for name in runtime_modules() if not name.endswith(("__init__", "__main__"))]
    blocked = {"rclpy", "sensor_msgs", "std_msgs", "tf2_msgs", "matplotlib", "moderngl", "onnx", "scipy", "torchvision"}
    done = run(sys.executable, "-c", BLOCK.format(blocked=blocked, modules=modules), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(sys.executable, "-c", BLOCK.format(blocked={"numpy"}, modules=modules), cwd=tmp_path)
    assert "numpy is not there" in done.stderr


DISTRIBUTIONS = {"cv2": "opencv-python-headless", "yaml": "PyYAML"}


def test_the_wheel_requires_what_the_runtime_imports(wheel):
    metadata = zipfile.ZipFile(wheel).read(f"hand_pose_ros-{VERSION}.dist-info/METADATA").decode()
    required = {
        re.match(r"Requires-Dist: ([\w.-]+)", line)[1]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist") and "extra ==" not in line
    }
    core = set(PACKAGE.glob("*.py")) | {PACKAGE / "networks", PACKAGE / "commands"}
    used = third_party_imports(core) - {"ament_index_python", "rosbags"}  # of `run`, which needs ROS and says so
    assert {"numpy", "torch"} <= used
    assert {DISTRIBUTIONS.get(name, name) for name in used} - required == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel that ``pip install .`` makes."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, capture_output=True
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).symlink_to(REPOSITORY / name)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", folder]
    done = run(sys.executable, "-m", "pip", "wheel", *options, source, cwd=folder)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("hand_pose_ros-*.whl"))


def test_the_wheel_holds_the_modules_the_command_and_the_models(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(REPOSITORY).as_posix() for path in PACKAGE.rglob("*.py")}
    assert modules <= names
    models = {path.name for path in (REPOSITORY / "models").glob("*.yaml")}
    assert models
    data = f"hand_pose_ros-{VERSION}.data/data/share/hand_pose_ros/models/"
    assert {data + name for name in models} <= names
    entry_points = zipfile.ZipFile(wheel).read(f"hand_pose_ros-{VERSION}.dist-info/entry_points.txt").decode()
    assert "hand_pose_ros = hand_pose_ros.cli:main" in entry_points
    assert not [name for name in names if name.startswith(("test", "workspace", "benchmarks", "launch"))]


# Names by which rosdep and colcon know what is imported under another name.
ROSDEP_KEYS = {
    "cv2": "python3-opencv", "numpy": "python3-numpy", "yaml": "python3-yaml", "rich": "python3-rich",
    "psutil": "python3-psutil", "transforms3d": "python3-transforms3d",
}  # fmt: skip
# From PyPI on every system, as package.xml says (flatbuffers with onnxruntime); the two interfaces come with rclpy.
NOT_DECLARED = {
    "torch", "onnxruntime", "safetensors", "rosbags", "flatbuffers", "builtin_interfaces", "rcl_interfaces",
}  # fmt: skip


def third_party_imports(rooms: Iterable[Path]) -> set[str]:
    """Top-level modules that are imported in the files or below the folders and are neither Python's nor ours."""
    paths = [path for room in rooms for path in ([room] if room.is_file() else room.rglob("*.py"))]
    trees = [ast.parse(path.read_text()) for path in paths]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"hand_pose_ros"}


def test_package_xml_declares_what_the_runtime_imports():
    rooms = [PACKAGE / "nodes", PACKAGE / "networks", PACKAGE / "commands", REPOSITORY / "launch"]
    used = third_party_imports(rooms) | {"numpy", "cv2"}
    declared = {element.text for element in manifest() if element.tag.endswith("depend")}
    assert {"rclpy", "sensor_msgs", "launch_ros", "tf2_ros"} <= declared
    assert {ROSDEP_KEYS.get(name, name) for name in used - NOT_DECLARED} - declared == set()


CHECK_INSTALL = """
set -e
export PATH={bin}:$PATH
. {install}/setup.sh
command -v hand_pose_ros
hand_pose_ros --version
python - <<'END'
import os, hand_pose_ros.cli, hand_pose_ros.networks, hand_pose_ros.nodes
from hand_pose_ros.msg import HandPoseArray
from hand_pose_ros.srv import SetHandScale
from ament_index_python import get_package_share_directory
assert hand_pose_ros.cli.__file__.startswith("{install}"), hand_pose_ros.cli.__file__
share = get_package_share_directory("hand_pose_ros")
print(*sorted(os.path.join(root, name) for root, _, names in os.walk(share) for name in names), sep="\\n")
END
for node in {nodes}; do test -x {prefix}/lib/hand_pose_ros/$node; done
"""


def check_install(install: Path, prefix: Path, folder: Path):
    """Source a colcon install space and use what it must hold; ``prefix`` is the package's own within it."""
    nodes = " ".join([*NODES, "hand_pose_ros"])
    script = CHECK_INSTALL.format(bin=Path(sys.prefix) / "bin", install=install, prefix=prefix, nodes=nodes)
    done = run("sh", "-c", script, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [str(prefix / "bin/hand_pose_ros"), VERSION]
    share = prefix / "share/hand_pose_ros"
    installed = [path for room in ("config", "demo", "launch", "models") for path in (REPOSITORY / room).rglob("*")]
    wanted = [path for path in installed if path.is_file() and "__pycache__" not in path.parts]
    needed = {str(share / path.relative_to(REPOSITORY)) for path in wanted} | {str(share / "package.xml")}
    assert needed - set(lines) == set()
    assert [path for path in prefix.rglob("*.pyc") if path.is_symlink()] == []


@pytest.mark.skipif(not COLCON.exists(), reason="this Python has no colcon beside it (make workspace)")
class TestWorkspace:
    """The workspace that ``make workspace`` built, with symbolic links, in the venv."""

    def test_python_finds_messages_without_sourcing_anything(self, tmp_path):
        code = "from hand_pose_ros.msg import HandPose; import hand_pose_ros.hand, rclpy, tf2_msgs.msg"
        done = run(sys.executable, "-c", code, cwd=tmp_path)
        assert done.returncode == 0, done.stderr

    def test_a_sourced_workspace_stays_in_front(self, tmp_path):
        code = "import os; print(os.environ['LD_LIBRARY_PATH'].split(':')[0], os.environ['AMENT_PREFIX_PATH'])"
        sourced = {"LD_LIBRARY_PATH": "/sourced/lib", "AMENT_PREFIX_PATH": "/sourced"}
        done = subprocess.run([sys.executable, "-c", code], env=BARE | sourced, capture_output=True, text=True)
        assert done.stdout.startswith("/sourced/lib /sourced:"), done
        assert sys.prefix in done.stdout

    def test_a_changed_module_needs_no_reinstallation(self, tmp_path):
        code = "import pathlib, hand_pose_ros.hand; print(pathlib.Path(hand_pose_ros.hand.__file__).resolve())"
        done = run(sys.executable, "-c", code, cwd=tmp_path)
        assert done.stdout.strip() == str(PACKAGE / "hand.py")

    def test_the_command_is_in_the_venv(self, tmp_path):
        done = run(Path(sys.prefix) / "bin" / "hand_pose_ros", "--version", cwd=tmp_path)
        assert done.stdout.strip() == VERSION, done.stderr

    def test_its_install_space_is_whole(self, tmp_path):
        install = Path(sys.prefix) / "workspace" / "install"
        check_install(install, install, tmp_path)

    @pytest.mark.slow
    def test_colcon_builds_a_users_workspace(self, tmp_path):
        """Without symbolic links: the package in src/, colcon build, source install/setup.sh."""
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "hand_pose_ros").symlink_to(REPOSITORY)
        options = ["--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={sys.executable}"]
        done = run(COLCON, "--log-level", "error", "build", "--base-paths", "src", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        check_install(tmp_path / "install", tmp_path / "install" / "hand_pose_ros", tmp_path)


def test_every_node_can_be_started():
    assert {"hand_pose_node", "visualization_node", "camera_node", "recorder_node"} <= set(NODES)
    if importlib.util.find_spec("rclpy") is None:
        pytest.skip("no rclpy")
    for name in NODES:
        assert callable(importlib.import_module(f"hand_pose_ros.nodes.{name}").main)
