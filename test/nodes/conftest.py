"""A perception node and a probe in two executors of one process, over real DDS, with a pipeline that takes no time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.commands._ros_environment import free_domain
from hand_pose_ros.hand import LEFT, RIGHT, TRACKED, HandPose, OrientedBox
from hand_pose_ros.hand_scale import POPULATION_PRIOR, HandScales
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.root_depth import place

PATIENCE_S = 10.0
SIZE = (64, 48)

os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


# Millimetres from the middle MCP, camera optical axes: frame 30 of demo/hand_demo.json, an open right hand, fingers up.
OPEN_HAND_MM = np.array([
    (1, 96, -9), (23, 61, -9), (40, 46, -30), (62, 28, -55), (80, 12, -76), (24, 0, -4), (29, -31, -2), (33, -57, -3),
    (38, -84, -6), (0, 0, 0), (1, -36, 3), (2, -66, 2), (3, -93, 0), (-19, 7, -1), (-24, -27, 1), (-28, -51, 1),
    (-33, -78, 0), (-34, 19, -6), (-41, -4, -7), (-48, -25, -8), (-54, -45, -11),
])  # fmt: skip


def example_hand(camera=None, handedness=RIGHT, scales=None, **changes) -> HandPose:
    """A whole hand half a metre in front of ``camera``, or in pixels only."""
    normalized = normalize(OPEN_HAND_MM * ((-1.0, 1.0, 1.0) if handedness == LEFT else 1.0))[0]
    eye = camera or CameraModel.from_fov(*SIZE, 70.0)
    keypoints = eye.project(normalized * POPULATION_PRIOR.mean_m + (0.02, 0.03, 0.5))
    values = {
        "handedness": handedness, "handedness_score": 0.9, "score": 0.95,
        "box": OrientedBox(tuple(keypoints.mean(axis=0)), (20.0, 24.0), 0.25), "keypoints_px": keypoints,
        "keypoint_scores": np.linspace(0.5, 1.0, 21), "keypoint_stddev_px": np.linspace(0.05, 0.15, 21),
        "normalized_joints": normalized, "id": 1, "status": TRACKED,
    }  # fmt: skip
    if camera is not None:
        scale = (scales or HandScales()).of(handedness)
        placed = place(normalized, keypoints, camera, scale)
        values |= {"joints_m": placed.joints_m, "joint_stddev_m": placed.joint_stddev_m, "hand_scale": scale}
    return HandPose(**(values | changes))


class QuickPipeline:
    """Stands in for the networks: the red value of an image's first pixel is the number of its hands."""

    def __init__(self, settings, pipeline_settings):
        self.settings, self.scales = pipeline_settings, settings.scales()
        self.estimator = SimpleNamespace(model=SimpleNamespace(device="cpu"))
        self.forget()
        self.delay_s, self.failure, self.status = 0.0, None, TRACKED

    def forget(self):
        """What the warm-up left behind."""
        self.batches, self.resets, self.threads = [], [], set()

    def process(self, frames):
        self.batches.append(frames)
        self.threads.add(threading.current_thread().name)
        time.sleep(self.delay_s)
        if self.failure:
            raise self.failure
        return [self._hands(frame) for frame in frames]

    def _hands(self, frame):
        sides = (RIGHT, LEFT, RIGHT)
        scores = (0.95, 0.9, 0.7)
        return [
            example_hand(frame.camera, sides[n], self.scales, id=n + 1, score=scores[n], status=self.status)
            for n in range(min(int(frame.image[0, 0, 0]), 3))
        ]

    def reset(self, camera_id=None):
        self.resets.append(camera_id)


class Live:
    """A perception node, a probe that talks to it, and an executor thread for each."""

    def __init__(self, context, load=QuickPipeline, state="active", namespace="", arguments=(), **overrides):
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node
        from rclpy.parameter import Parameter

        from hand_pose_ros.nodes.hand_pose_node import HandPoseNode

        given = [Parameter(name.replace("__", "."), value=value) for name, value in overrides.items()]
        self.pipelines, self._received = [], {}
        self._load_pipeline = load
        self.node = HandPoseNode(
            self._load, context=context, namespace=namespace, parameter_overrides=given, cli_args=list(arguments)
        )
        self.probe = Node("probe", context=context, namespace=namespace)
        self._executors = [SingleThreadedExecutor(context=context) for _ in range(2)]
        for executor, node in zip(self._executors, (self.node, self.probe), strict=True):
            executor.add_node(node)
        self._threads = [threading.Thread(target=_spin, args=(executor,)) for executor in self._executors]
        for thread in self._threads:
            thread.start()
        self._publishers = {}
        if state in ("inactive", "active"):
            assert self.transition("configure")
            getattr(self.pipeline, "forget", lambda: None)()
        if state == "active":
            assert self.transition("activate")

    def _load(self, *settings):
        self.pipelines.append(self._load_pipeline(*settings))
        return self.pipelines[-1]

    @property
    def pipeline(self):
        return self.pipelines[-1]

    def close(self):
        for executor in self._executors:
            executor.shutdown(timeout_sec=5.0)
        for thread in self._threads:
            thread.join(5.0)
        self.node.destroy_node()
        self.probe.destroy_node()

    def listen(self, kind, topic, qos=10):
        """The list into which a topic's messages go, from the moment the subscription is matched."""
        messages = []
        before = self.probe.count_subscribers(topic)
        self.probe.create_subscription(kind, topic, messages.append, qos)
        until(lambda: self.probe.count_subscribers(topic) > before)
        return messages

    def hands(self, topic="hands"):
        from hand_pose_ros.msg import HandPoseArray

        return self.listen(HandPoseArray, topic)

    def publisher(self, kind, topic, qos=None):
        """A publisher that somebody listens to."""
        from rclpy.qos import qos_profile_sensor_data

        if topic not in self._publishers:
            self._publishers[topic] = self.probe.create_publisher(kind, topic, qos or qos_profile_sensor_data)
        until(lambda: self._publishers[topic].get_subscription_count() > 0)
        return self._publishers[topic]

    def send(self, message, topic):
        self.publisher(type(message), topic).publish(message)
        return message

    def header(self, frame_id="camera", stamp=None):
        from std_msgs.msg import Header

        return Header(stamp=stamp or self.probe.get_clock().now().to_msg(), frame_id=frame_id)

    def send_image(self, hands=1, topic="image", header=None):
        from hand_pose_ros.nodes.conversions import image_message

        return self.send(image_message(picture(hands), header or self.header()), topic)

    def send_info(self, camera=None, topic="camera_info"):
        from hand_pose_ros.nodes.conversions import info_from_camera

        return self.send(info_from_camera(camera or CameraModel.from_fov(*SIZE, 70.0), self.header()), topic)

    def calibrate(self, camera=None, name=""):
        """Send camera_info and wait until it is there."""
        self.send_info(camera, f"{name}/camera_info" if name else "camera_info")
        calibration = self.node._cameras[name]._calibration
        until(lambda: calibration._message is not None)

    def call(self, kind, name, **fields):
        """The response of a service of the node."""
        client = self.probe.create_client(kind, name)
        assert client.wait_for_service(PATIENCE_S), f"no service {name}"
        future = client.call_async(kind.Request(**fields))
        until(future.done)
        self.probe.destroy_client(client)
        return future.result()

    def transition(self, label: str) -> bool:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        wanted = Transition(label=label)
        return self.call(ChangeState, "hand_pose_node/change_state", transition=wanted).success

    def state(self) -> str:
        from lifecycle_msgs.srv import GetState

        return self.call(GetState, "hand_pose_node/get_state").current_state.label

    def set(self, **values):
        """Result of setting one parameter, or several atomically, over the parameter service."""
        from rcl_interfaces.srv import SetParametersAtomically
        from rclpy.parameter import Parameter

        given = [Parameter(name.replace("__", "."), value=value).to_parameter_msg() for name, value in values.items()]
        return self.call(SetParametersAtomically, "hand_pose_node/set_parameters_atomically", parameters=given).result


def picture(hands=1) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    image[0, 0] = hands
    return image


def until(condition, patience_s=PATIENCE_S):
    """Wait for ``condition``; fail the test if it does not come true."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"waited {patience_s} s in vain"
        time.sleep(0.005)


def _spin(executor):
    from rclpy.executors import ExternalShutdownException

    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


@pytest.fixture(scope="session")
def ros():
    """An rclpy context in this suite's own DDS domain."""
    rclpy = pytest.importorskip("rclpy")
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=free_domain())  # several test runs may share a machine
    yield context
    rclpy.try_shutdown(context=context)


@pytest.fixture
def live(ros):
    """Make a live node: ``live(state="inactive", max_age_s=1.0)``. Closed after the test."""
    made = []

    def make(**arguments):
        made.append(Live(ros, **arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def shared(ros):
    """One active, calibrated node for all tests of a module that leave it as it was."""
    bench = Live(ros, namespace="/shared")
    bench.calibrate()
    yield bench
    bench.close()


@pytest.fixture
def hand():
    """Make an example hand."""
    return example_hand


@pytest.fixture
def wait():
    """Wait for a condition."""
    return until


@pytest.fixture
def quick_pipeline():
    """The class that stands in for the networks."""
    return QuickPipeline


DESK_DOMAIN = free_domain()
REPOSITORY = Path(__file__).resolve().parents[2]


class Desk:
    """A probe node in a thread of its own, nodes beside it in the same process, and executables in processes."""

    def __init__(self, context):
        from rclpy.node import Node

        self._context, self._nodes, self._executors, self._processes = context, [], [], []
        self.probe = self.run(Node("probe", context=context))

    def run(self, node):
        """Spin ``node`` in a thread until the test ends (or ``close(node)``)."""
        from rclpy.executors import SingleThreadedExecutor

        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(node)
        thread = threading.Thread(target=_spin, args=(executor,))
        thread.start()
        self._executors.append((node, executor, thread))
        return node

    def make(self, kind, **overrides):
        """A node of this package beside the probe, spinning."""
        from rclpy.parameter import Parameter

        namespace = overrides.pop("namespace", "")
        given = [Parameter(name, value=value) for name, value in overrides.items()]
        return self.run(kind(context=self._context, namespace=namespace, parameter_overrides=given))

    def close(self, node):
        """Stop and destroy one node."""
        for entry in [entry for entry in self._executors if entry[0] is node]:
            self._executors.remove(entry)
            entry[1].shutdown(timeout_sec=5.0)
            entry[2].join(5.0)
            node.destroy_node()

    def start(self, executable, **parameters):
        """A process of a node; its output is in ``.log``."""
        flags = [f"{name}:={json.dumps(value)}" for name, value in parameters.items()]
        command = [sys.executable, "-m", f"hand_pose_ros.nodes.{executable}", "--ros-args"]
        command += [part for flag in flags for part in ("-p", flag)]
        profiles = str(REPOSITORY / "config" / "fastdds.xml")
        environment = {
            **os.environ, "ROS_DOMAIN_ID": str(DESK_DOMAIN), "FASTRTPS_DEFAULT_PROFILES_FILE": profiles,
            "FASTDDS_DEFAULT_PROFILES_FILE": profiles,
        }  # fmt: skip
        process = subprocess.Popen(
            command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._processes.append(process)
        return process

    def listen(self, kind, topic, qos=10):
        """The list into which a topic's messages go."""
        messages = []
        self.probe.create_subscription(kind, topic, messages.append, qos)
        return messages

    def finish(self):
        for process in self._processes:
            process.kill()
            process.communicate()
        for node, *_ in list(self._executors):
            self.close(node)


@pytest.fixture(scope="session")
def desk_context():
    """An rclpy context in a DDS domain of its own."""
    rclpy = pytest.importorskip("rclpy")
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DESK_DOMAIN)
    yield context
    rclpy.try_shutdown(context=context)


@pytest.fixture
def desk(desk_context):
    """A desk to try nodes on."""
    desk = Desk(desk_context)
    yield desk
    desk.finish()
