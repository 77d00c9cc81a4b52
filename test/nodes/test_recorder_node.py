"""recorder_node over real DDS: what it leaves behind is read back, with the definitions that the bag itself holds."""

from __future__ import annotations

import json
import signal
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT
from hand_pose_ros.msg import HandPoseArray, HandPoseInfo
from hand_pose_ros.nodes.bag import Bag, BagError
from hand_pose_ros.nodes.conversions import (
    hand_array_message,
    image_message,
    info_from_camera,
    info_message,
    stamp,
)
from hand_pose_ros.nodes.recorder_node import STATUS, RecorderNode
from hand_pose_ros.nodes.ros_packages import TransformBroadcaster
from hand_pose_ros.nodes.run_statistics import RunStatistics
from hand_pose_ros.nodes.topic_follower import matching_qos
from hand_pose_ros.nodes.video_writer import VideoWriter, frame_rate

pytestmark = pytest.mark.ros
WIDTH, HEIGHT, FRAMES, PERIOD_S = 160, 120, 24, 1 / 30
CAMERA = CameraModel.from_fov(WIDTH, HEIGHT, 60.0)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Perception:
    """Publishes what the other nodes would, in a namespace."""

    def __init__(self, desk, namespace):
        make = desk.probe.create_publisher
        self.info = make(HandPoseInfo, f"{namespace}/hand_pose_info", LATCHED)
        self.hands = make(HandPoseArray, f"{namespace}/hands", 10)
        self.camera_info = make(CameraInfo, f"{namespace}/camera_info", 10)
        self.overlay = make(Image, f"{namespace}/overlay", 10)
        self.diagnostics = make(DiagnosticArray, "/diagnostics", 10)
        self.tf = TransformBroadcaster(desk.probe)
        self.info.publish(info_message(Header(), "quick", "cpu", "1"))

    def ready(self) -> bool:
        listened = (self.hands, self.camera_info, self.overlay, self.diagnostics, self.tf.pub_tf, self.info)
        return all(publisher.get_subscription_count() for publisher in listened)

    def send(self, hands, age_s=0.02, overlay=True):
        """One frame that was captured ``age_s`` ago."""
        header = Header(stamp=stamp(time.time() - age_s), frame_id="eye")
        self.camera_info.publish(info_from_camera(CAMERA, header))
        self.hands.publish(hand_array_message(hands, header, WIDTH, HEIGHT, True))
        if overlay:
            self.overlay.publish(image_message(np.full((HEIGHT, WIDTH, 3), (200, 40, 40), np.uint8), header))

    def say_frames(self, frames):
        values = [KeyValue(key="frames", value=str(frames)), KeyValue(key="source_frames", value="99")]
        status = DiagnosticStatus(name="camera_node: source", hardware_id="film", values=values)
        self.diagnostics.publish(DiagnosticArray(status=[status]))


def recorded(folder):
    """topic -> messages of the bag in ``folder``, decoded with the definitions inside the bag."""
    from rosbags.highlevel import AnyReader

    with AnyReader([folder]) as reader:
        found = {connection.topic: [] for connection in reader.connections}
        for connection, _, data in reader.messages():
            found[connection.topic].append(reader.deserialize(data, connection.msgtype))
        qos = {connection.topic: connection.ext.offered_qos_profiles for connection in reader.connections}
    return found, qos


def test_a_run_becomes_a_bag_a_video_and_a_summary(desk, wait, hand, tmp_path):
    from geometry_msgs.msg import TransformStamped

    perception = Perception(desk, "/run1")
    reports = desk.listen(DiagnosticArray, "/diagnostics", 50)
    recorder = desk.make(RecorderNode, namespace="run1", output=str(tmp_path / "out"))
    wait(perception.ready)
    perception.tf.sendTransform([TransformStamped(header=Header(frame_id="eye"), child_frame_id="right_hand")])
    both = [hand(CAMERA, id=3), hand(CAMERA, LEFT, id=5)]
    for number in range(FRAMES):
        perception.send([[], both[:1], both][min(number, 2)])
        time.sleep(PERIOD_S)
    perception.say_frames(FRAMES + 2)
    wait(lambda: recorder._statistics.announced_frames == FRAMES + 2)
    wait(lambda: any(status.name == STATUS for message in reports for status in message.status))
    desk.close(recorder)

    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["frames"] == FRAMES
    assert summary["frames_with_hand"] == FRAMES - 1
    assert summary["metric_frames"] == FRAMES
    assert summary["ids"] == [3, 5]
    assert summary["handedness"] == {"left": FRAMES - 2, "right": FRAMES - 1}
    assert (summary["source_frames"], summary["dropped"]) == (FRAMES + 2, 2)
    assert (summary["model"], summary["device"]) == ("quick", "cpu")
    assert 20.0 <= summary["latency_ms"]["p50"] < 40.0
    assert summary["latency_ms"]["p95"] >= summary["latency_ms"]["p50"]
    assert summary["fps"] == pytest.approx(1 / PERIOD_S, rel=0.3)
    assert summary["problems"] == []

    messages, qos = recorded(tmp_path / "out" / "bag")
    assert len(messages["/run1/hands"]) == len(messages["/run1/camera_info"]) == FRAMES
    assert len(messages["/tf"]) == len(messages["/run1/hand_pose_info"]) == 1
    assert messages["/tf"][0].transforms[0].child_frame_id == "right_hand"
    first = messages["/run1/hands"][1].hands[0]
    assert (first.id, first.metric) == (3, True)
    assert [(p.x, p.y, p.z) for p in first.joints] == [tuple(row) for row in both[0].joints_m]
    assert messages["/run1/hand_pose_info"][0].model == "quick"
    assert qos["/run1/hand_pose_info"][0].durability.name == "TRANSIENT_LOCAL"
    assert qos["/run1/hands"][0].durability.name == "VOLATILE"
    assert summary["files"]["bag_messages"] == sum(len(each) for each in messages.values())

    assert summary["files"]["videos"] == ["run1_overlay.mp4"]
    pictures = film(tmp_path / "out" / "run1_overlay.mp4")
    assert abs(len(pictures) - FRAMES) <= 2
    assert pictures[0].shape == (HEIGHT, WIDTH, 3)
    assert pictures[0][60, 80] == pytest.approx([40, 40, 200], abs=12)  # OpenCV reads BGR


def film(path):
    capture, pictures = cv2.VideoCapture(str(path)), []
    while (item := capture.read())[0]:
        pictures.append(item[1])
    return pictures


def test_all_cameras_of_a_namespace_are_recorded_and_foreign_ones_are_not(desk, wait, hand, tmp_path):
    left, right, other = (Perception(desk, name) for name in ("/robot/left", "/robot/right", "/robot2"))
    recorder = desk.make(RecorderNode, namespace="robot", output=str(tmp_path / "out"), record_video=False)
    wait(lambda: left.hands.get_subscription_count() and right.hands.get_subscription_count())
    for perception in (left, right, other):
        perception.send([hand(CAMERA)], overlay=False)
    wait(lambda: recorder._statistics.frames == 2)
    desk.close(recorder)
    messages, _ = recorded(tmp_path / "out" / "bag")
    assert {topic for topic in messages if topic.endswith("/hands")} == {"/robot/left/hands", "/robot/right/hands"}
    assert not list((tmp_path / "out").glob("*.mp4"))


def test_further_topics_are_recorded_with_best_effort_publishers_too(desk, wait, tmp_path):
    words = desk.probe.create_publisher(
        String, "/words", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    )
    recorder = desk.make(RecorderNode, namespace="x", output=str(tmp_path / "out"), extra_topics=["/words"])
    wait(lambda: words.get_subscription_count())
    words.publish(String(data="hello"))
    wait(lambda: recorder._recording._bag.messages)
    desk.close(recorder)
    messages, qos = recorded(tmp_path / "out" / "bag")
    assert [message.data for message in messages["/words"]] == ["hello"]
    assert qos["/words"][0].reliability.name == "BEST_EFFORT"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_files(desk, wait, hand, tmp_path, number):
    perception = Perception(desk, "")
    process = desk.start("recorder_node", output=str(tmp_path / "out"))
    wait(perception.ready, 20.0)
    for _ in range(12):
        perception.send([hand(CAMERA)])
        time.sleep(PERIOD_S)
    time.sleep(0.3)
    process.send_signal(number)
    time.sleep(0.05)
    process.send_signal(number)  # an impatient second one must not tear the files
    log, _ = process.communicate(timeout=15.0)
    assert process.returncode == 0, log
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["frames"] == 12
    assert len(recorded(tmp_path / "out" / "bag")[0]["/hands"]) == 12
    assert len(film(tmp_path / "out" / "overlay.mp4")) >= 10


def test_an_existing_recording_is_not_overwritten(desk, tmp_path):
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(ValueError, match="give another folder"):
        desk.make(RecorderNode, output=str(tmp_path))
    (tmp_path / "bag").mkdir()
    with pytest.raises(BagError, match="cannot be written"):
        Bag(tmp_path / "bag")


def test_parameters_are_fixed_while_it_records(desk, tmp_path):
    from rclpy.parameter import Parameter

    recorder = desk.make(RecorderNode, namespace="fixed", output=str(tmp_path / "out"))
    result = recorder.set_parameters([Parameter("output", value="elsewhere")])[0]
    assert not result.successful
    assert "output" in result.reason


def test_a_run_without_anything_has_a_summary_too(desk, tmp_path):
    desk.close(desk.make(RecorderNode, namespace="quiet", output=str(tmp_path / "out"), record_bag=False))
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["frames"], summary["fps"], summary["latency_ms"]["p50"]) == (0, 0.0, None)
    assert summary["files"]["bag"] is None


def test_statistics():
    statistics = RunStatistics()
    for number in range(11):
        hands = [(1, "left")] if number else []
        statistics.add(hands, metric=number > 5, latency_s=0.010 * number, published_s=50.0 + number / 20)
    statistics.announced_frames, statistics.camera_frames = 12, 15
    summary = statistics.summary()
    assert summary["fps"] == pytest.approx(20.0)
    assert summary["latency_ms"] == {"p50": 50.0, "p95": 95.0}
    assert (summary["frames_with_hand"], summary["metric_frames"], summary["dropped"]) == (10, 5, 4)
    assert statistics.progress()["fps"] == pytest.approx(20.0)


def test_statistics_with_a_simulated_clock_have_no_latency():
    statistics = RunStatistics()
    statistics.add([], False, None, 1.0)
    assert statistics.summary()["latency_ms"] == {"p50": None, "p95": None}
    assert statistics.progress()["latency_p50_ms"] == 0.0


def test_a_film_runs_in_real_time_though_frames_are_missing(tmp_path):
    writer = VideoWriter(tmp_path / "film.mp4")
    kept = [number for number in range(60) if number < 20 or number >= 35]
    for number in kept:
        writer.add(np.full((48, 64, 3), 4 * number, np.uint8), 10.0 + number / 30)
    writer.close()
    assert not writer.error
    pictures = film(tmp_path / "film.mp4")
    assert len(pictures) == writer.frames == 60
    assert pictures[40].mean() == pytest.approx(160, abs=4)
    assert pictures[59].mean() == pytest.approx(236, abs=4)


def test_a_short_film_with_odd_sides_is_written(tmp_path):
    writer = VideoWriter(tmp_path / "film.mp4")
    writer.add(np.zeros((47, 63, 3), np.uint8), 1.0)
    writer.close()
    assert film(tmp_path / "film.mp4")[0].shape == (46, 62, 3)


def test_an_unknown_codec_is_a_problem_not_a_crash(tmp_path):
    writer = VideoWriter(tmp_path / "film.mp4", "zzzz")
    for number in range(20):
        writer.add(np.zeros((48, 64, 3), np.uint8), number / 30)
    writer.close()
    assert "zzzz" in writer.error


def test_pictures_are_dropped_and_counted_when_the_encoder_is_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("hand_pose_ros.nodes.video_writer._QUEUE_BYTES", 0)
    writer = VideoWriter(tmp_path / "film.mp4")
    for number in range(2000):
        writer.add(np.zeros((480, 640, 3), np.uint8), number / 30)
    writer.close()
    assert writer.dropped > 0


def test_rates_near_usual_ones_are_those():
    assert frame_rate([0.0, 0.0334, 0.066, 0.1]) == 30.0
    assert frame_rate(list(np.arange(10) / 24.1)) == 24.0
    assert frame_rate(list(np.arange(10) / 7.0)) == pytest.approx(7.0, abs=0.01)
    assert frame_rate([1.0]) == 30.0
    assert frame_rate([1.0, 1.0, 1.0]) == 30.0


def test_qos_that_all_publishers_fulfil():
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    reliable = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    assert matching_qos([reliable, reliable]).reliability == ReliabilityPolicy.RELIABLE
    assert matching_qos([reliable, best_effort]).reliability == ReliabilityPolicy.BEST_EFFORT
    assert matching_qos([LATCHED, reliable]).durability == DurabilityPolicy.VOLATILE
    assert matching_qos([LATCHED]).durability == DurabilityPolicy.TRANSIENT_LOCAL


def test_definitions_are_those_of_ros():
    """Type hashes (REP 2016) as ROS 2 Jazzy has them: players compare them."""
    from rosbags.typesys import Stores, get_typestore

    from hand_pose_ros.nodes.bag import Definitions

    known, ours = get_typestore(Stores.ROS2_JAZZY), Definitions()
    for kind in ("tf2_msgs/msg/TFMessage", "sensor_msgs/msg/CameraInfo", "diagnostic_msgs/msg/DiagnosticArray"):
        assert ours.of(kind).hash_rihs01(kind) == known.hash_rihs01(kind)
