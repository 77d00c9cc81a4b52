"""The launch file under the real ROS 2 launch system. Skipped where that is not installed (pip has no launch)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("launch_ros", reason="needs the ROS 2 packages launch and launch_ros")
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import get_launch_description_from_python_launch_file
from launch_ros.actions import LifecycleNode, Node

FILE = Path(__file__).resolve().parents[2] / "launch" / "pipeline.launch.py"
TIME_TO_ACTIVE_S = 60.0


def description():
    return get_launch_description_from_python_launch_file(str(FILE))


def declared() -> list[DeclareLaunchArgument]:
    return [entity for entity in description().entities if isinstance(entity, DeclareLaunchArgument)]


def entities(**arguments) -> list[LaunchDescriptionEntity]:
    """What the launch file starts for these arguments, without starting it."""
    context = LaunchContext()
    context.launch_configurations.update(arguments)
    found = []
    for entity in description().entities:
        found += entity.visit(context) or []
    return found


def executables(**arguments) -> list[str]:
    return [entity.node_executable for entity in entities(**arguments) if isinstance(entity, Node)]


def test_every_argument_is_described_and_has_a_default():
    arguments = declared()
    assert {"source", "image_topic", "camera_info_topic", "namespace", "model", "device", "rviz", "params_file",
            "record", "cameras", "autostart", "use_sim_time"} <= {argument.name for argument in arguments}  # fmt: skip
    for argument in arguments:
        assert len(argument.description) > 10, argument.name
        assert ". Valid choices are: " in argument.description or argument.description[-1] == ".", argument.name
        assert argument.default_value is not None, argument.name


def test_starts_what_is_asked_for():
    assert executables() == ["hand_pose_node", "visualization_node"]
    assert executables(visualization="false") == ["hand_pose_node"]
    assert executables(record="true", rviz="true") == ["hand_pose_node", "visualization_node", "recorder_node", "rviz2"]
    assert executables(cameras="left, right") == ["hand_pose_node", "visualization_node", "visualization_node"]


def test_perception_is_a_managed_node():
    (perception,) = [entity for entity in entities(visualization="false") if isinstance(entity, Node)]
    assert isinstance(perception, LifecycleNode)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cameras": "left,right", "source": "one.mp4"}, "1 sources for 2 cameras"),
        ({"rviz": "maybe"}, "maybe"),
        ({"image_transport": "theora"}, "theora"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(RuntimeError, match=message):
        entities(**arguments)


class Launch:
    """`ros2 launch` of the pipeline in its own session, so that whatever it leaves behind is found."""

    def __init__(self, *arguments: str, log: Path):
        self.log = log
        environment = {**os.environ, "ROS_DOMAIN_ID": "57", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [shutil.which("ros2"), "launch", str(FILE), *arguments],
                stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
            )  # fmt: skip

    def wait_for(self, text: str, seconds: float = TIME_TO_ACTIVE_S) -> None:
        until = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None, f"launch ended:\n{self.log.read_text()}"
            assert time.monotonic() < until, f"no {text!r} within {seconds} s:\n{self.log.read_text()}"
            time.sleep(0.1)

    def end(self, seconds: float = 30.0) -> int:
        """Its exit code, or that of its Ctrl-C if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)

    def left_behind(self) -> list[str]:
        listing = subprocess.run(
            ["ps", "-o", "args=", "--sid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [line for line in listing.stdout.splitlines() if "<defunct>" not in line]


@pytest.fixture
def launched(tmp_path):
    get_package_prefix = pytest.importorskip("ament_index_python.packages").get_package_prefix
    try:
        folder = Path(get_package_prefix("hand_pose_ros")) / "lib" / "hand_pose_ros"
    except LookupError:
        pytest.skip("hand_pose_ros is not installed in AMENT_PREFIX_PATH: colcon build, source install/setup.bash")
    if not (folder / "hand_pose_node").is_file() or shutil.which("ros2") is None:
        pytest.skip("needs `ros2 launch` and the installed hand_pose_node")
    running = []

    def start(*arguments):
        running.append(Launch(*arguments, log=tmp_path / f"launch{len(running)}.log"))
        return running[-1]

    yield start
    for launch in running:
        if launch.process.poll() is None:
            os.killpg(launch.process.pid, signal.SIGKILL)


def state(node_name: str) -> str:
    """Label of a managed node's state, as `ros2 lifecycle get` prints it."""
    environment = {**os.environ, "ROS_DOMAIN_ID": "57", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    command = ["ros2", "lifecycle", "get", "--no-daemon", "--spin-time", "2", node_name]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout.split(" ")[0]


def wait_for_state(node_name: str, wanted: str) -> None:
    until = time.monotonic() + TIME_TO_ACTIVE_S
    while state(node_name) != wanted:
        assert time.monotonic() < until, f"{node_name} is {state(node_name)!r}, not {wanted!r}"


@pytest.mark.ros
def test_becomes_active_without_a_source_and_ends_on_interrupt(launched):
    launch = launched("namespace:=robot", "visualization:=false")
    wait_for_state("/robot/hand_pose_node", "active")
    assert launch.end() == 0
    assert launch.left_behind() == []


@pytest.mark.ros
def test_without_autostart_it_waits(launched):
    launch = launched("autostart:=false", "visualization:=false")
    wait_for_state("/hand_pose_node", "unconfigured")
    assert launch.end() == 0


@pytest.mark.ros
@pytest.mark.parametrize("arguments", [["source:=/absent/clip.mp4"], ["model:=absent_model"], ["hand_scale:=90"]])
def test_what_cannot_work_ends_with_an_error(launched, arguments):
    launch = launched(*arguments)
    assert launch.process.wait(TIME_TO_ACTIVE_S) == 1
    assert arguments[0].split(":=")[1] in launch.log.read_text()
    assert launch.left_behind() == []
