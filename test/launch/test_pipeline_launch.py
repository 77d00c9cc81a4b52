"""The launch file under the real ROS 2 launch system. Skipped where that is not installed (pip has no launch)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("launch_ros", reason="needs the ROS 2 packages launch and launch_ros")
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import get_launch_description_from_python_launch_file
from launch_ros.actions import LifecycleNode, Node

FILE = Path(__file__).resolve().parents[2] / "launch" / "pipeline.launch.py"
TIME_TO_ACTIVE_S = 60.0
INCLUDING = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import PushRosNamespace

def generate_launch_description():
    arguments = {{"namespace": "inner", "source": "{source}", "record": "true", "output": "{output}"}}
    included = IncludeLaunchDescription(PythonLaunchDescriptionSource("{file}"), launch_arguments=arguments.items())
    return LaunchDescription([GroupAction([PushRosNamespace("outer"), included])])
"""


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
        ({"params_file": "/nowhere/my.yaml"}, r"params_file '/nowhere/my.yaml' cannot be read \(No such file"),
        ({"image_transport": "theora"}, "theora"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(RuntimeError, match=message):
        entities(**arguments)


class Launch:
    """`ros2 launch` of a file in its own session, so that whatever it leaves behind is found."""

    def __init__(self, *arguments: str, log: Path):
        self.log = log
        environment = {**os.environ, "ROS_DOMAIN_ID": "57", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [shutil.which("ros2"), "launch", *arguments],
                stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
            )  # fmt: skip

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

    def start(*arguments, file=FILE):
        running.append(Launch(str(file), *arguments, log=tmp_path / f"launch{len(running)}.log"))
        return running[-1]

    yield start
    for launch in running:
        if launch.process.poll() is None:
            os.killpg(launch.process.pid, signal.SIGKILL)


def ros2(*arguments: str) -> str:
    """What the command line tool prints."""
    environment = {**os.environ, "ROS_DOMAIN_ID": "57", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    return subprocess.run(["ros2", *arguments], capture_output=True, text=True, env=environment, check=False).stdout


def wait_for_state(node_name: str, wanted: str) -> None:
    until = time.monotonic() + TIME_TO_ACTIVE_S
    while (state := ros2("lifecycle", "get", "--no-daemon", "--spin-time", "2", node_name).split(" ")[0]) != wanted:
        assert time.monotonic() < until, f"{node_name} is {state!r}, not {wanted!r}"


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
def test_sources_end_the_launch_and_stay_in_the_namespace_of_an_including_file(launched, tmp_path):
    (tmp_path / "images").mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.zeros((48, 64, 3), np.uint8))
    file = tmp_path / "outer.launch.py"
    file.write_text(INCLUDING.format(file=str(FILE), source=str(tmp_path / "images"), output=str(tmp_path / "out")))
    launch = launched(file=file)
    assert launch.process.wait(TIME_TO_ACTIVE_S) == 0
    assert "[outer.inner.camera_node]" in launch.log.read_text()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["frames"] == 3
    assert launch.left_behind() == []


@pytest.mark.ros
@pytest.mark.parametrize("arguments", [["source:=/absent/clip.mp4"], ["model:=absent_model"], ["hand_scale:=90"]])
def test_what_cannot_work_ends_with_an_error(launched, arguments):
    launch = launched(*arguments)
    assert launch.process.wait(TIME_TO_ACTIVE_S) == 1
    assert arguments[0].split(":=")[1] in launch.log.read_text()
    assert launch.left_behind() == []
