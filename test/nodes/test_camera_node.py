"""camera_node as a process, over real DDS: video, folder, stamps, calibration, end of stream, bad sources."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool

from hand_pose_ros.msg import HandPoseArray
from hand_pose_ros.nodes.calibration import Calibration, local_path
from hand_pose_ros.nodes.camera_node import CameraNode
from hand_pose_ros.nodes.camera_settings import CameraSettings
from hand_pose_ros.nodes.camera_worker import CameraWorker
from hand_pose_ros.nodes.conversions import rgb_from_compressed, rgb_from_image, seconds
from hand_pose_ros.nodes.frame_sources import ImageFolder, SourceError, VideoFile, fitted, open_source, plausible_rate
from hand_pose_ros.nodes.pacing import BackOff, Pace

pytestmark = pytest.mark.ros
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
WIDTH, HEIGHT, FRAMES, RATE = 160, 90, 30, 30.0


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """30 frames at 30 Hz; red grows from frame to frame, blue stays 0."""
    path = tmp_path_factory.mktemp("video") / "red.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE, (WIDTH, HEIGHT))
    for number in range(FRAMES):
        writer.write(np.full((HEIGHT, WIDTH, 3), (0, 0, 8 * number), np.uint8))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path):
    """Three pictures, named so that their order is not that of their making, and something else."""
    for name, value in (("b.png", 100), ("c.jpg", 150), ("a.png", 50)):
        cv2.imwrite(str(tmp_path / name), np.full((60, 80, 3), value, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_a_video_is_sent_whole_with_calibration_and_then_ends(desk, wait, video):
    images, infos, ends = desk.listen(Image, "image", 50), desk.listen(CameraInfo, "camera_info", 50), []
    desk.probe.create_subscription(Bool, "end_of_stream", ends.append, LATCHED)
    camera = desk.start(
        "camera_node", source=str(video), fov=60.0, frame_id="eye", wait_for_subscribers=1, start_delay=0.5
    )
    assert camera.wait(20.0) == 0
    wait(lambda: ends and ends[-1].data)
    wait(lambda: len(images) == FRAMES and len(infos) == FRAMES)
    reds = [rgb_from_image(message)[..., 0].mean() for message in images]
    assert np.allclose(reds, 8.0 * np.arange(FRAMES), atol=6.0)
    assert all(rgb_from_image(message)[..., 2].mean() < 6.0 for message in images)
    assert [message.header for message in images] == [info.header for info in infos]
    assert {message.header.frame_id for message in images} == {"eye"}
    assert images[0].encoding == "rgb8"
    assert (images[0].width, images[0].height) == (WIDTH, HEIGHT)
    assert infos[0].k[0] == pytest.approx(WIDTH / 2 / np.tan(np.deg2rad(30.0)))
    assert (infos[0].width, infos[0].height) == (WIDTH, HEIGHT)
    periods = np.diff([seconds(message.header.stamp) for message in images])
    assert np.median(periods) == pytest.approx(1.0 / RATE, abs=0.005)


def test_the_stamp_is_the_moment_of_release(desk, wait, video):
    ages = []

    def receive(message):
        ages.append(desk.probe.get_clock().now().nanoseconds * 1e-9 - seconds(message.header.stamp))

    desk.probe.create_subscription(Image, "image", receive, 10)
    desk.make(CameraNode, source=str(video), fov=60.0, wait_for_subscribers=1, exit_at_end=False)
    wait(lambda: len(ages) > 10)
    assert 0.0 <= np.median(ages) < 0.1


def test_end_of_stream_is_latched_for_late_subscribers(desk, wait, video):
    camera = desk.make(CameraNode, source=str(video), fov=60.0, rate=500.0, exit_at_end=False)
    wait(lambda: camera._worker.frames == FRAMES)
    ends = desk.listen(Bool, "end_of_stream", LATCHED)
    wait(lambda: ends and ends[-1].data)
    assert not camera.finished.done()


def test_a_folder_loops_in_order_and_is_resized_and_compressed(desk, wait, folder):
    images, infos = desk.listen(CompressedImage, "image/compressed", 50), desk.listen(CameraInfo, "camera_info", 50)
    camera = desk.make(
        CameraNode, source=str(folder), loop=True, rate=100.0, width=40, fov=90.0, wait_for_subscribers=1
    )
    wait(lambda: len(images) > 7)
    pictures = [rgb_from_compressed(message) for message in images[:7]]
    values = [round(float(picture.mean())) for picture in pictures]
    start = values.index(min(values[:3]))
    assert values[start : start + 4] == pytest.approx([50, 100, 150, 50], abs=3)
    assert pictures[0].shape == (30, 40, 3)
    assert (infos[0].width, infos[0].height) == (40, 30)
    assert infos[0].k[0] == pytest.approx(20.0)
    assert camera._images._image.get_subscription_count() == 0


def test_without_calibration_k_is_zero(desk, wait, folder):
    infos = desk.listen(CameraInfo, "camera_info", 50)
    desk.make(CameraNode, source=str(folder), loop=True)
    wait(lambda: infos)
    assert not any(infos[0].k)
    assert (infos[0].width, infos[0].height) == (80, 60)


def test_a_simulated_clock_moves_by_one_period_with_each_image(desk, wait, video):
    clocks, images = desk.listen(Clock, "/clock", 50), desk.listen(Image, "image", 50)
    desk.make(
        CameraNode, source=str(video), fov=60.0, rate=150.0, publish_clock=True, wait_for_subscribers=1, start_delay=0.3
    )
    wait(lambda: len(images) == FRAMES and len(clocks) == FRAMES)
    stamps = [message.header.stamp for message in images]
    assert stamps == [message.clock for message in clocks]
    assert np.diff([seconds(stamp) for stamp in stamps]) == pytest.approx(1.0 / RATE, abs=1e-5)


def test_it_waits_for_the_hands_of_the_last_image_if_asked(desk, wait, video):
    images, answers = [], desk.probe.create_publisher(HandPoseArray, "hands", 10)

    def receive(message):
        images.append(time.monotonic())
        if len(images) < 10:
            time.sleep(0.1)
            answers.publish(HandPoseArray(header=message.header))

    desk.probe.create_subscription(Image, "image", receive, 50)
    camera = desk.make(CameraNode, source=str(video), fov=60.0, wait_for_subscribers=1, wait_for_hands=True)
    wait(lambda: len(images) == 10)
    assert np.diff(images).min() > 0.09
    time.sleep(0.3)
    assert len(images) == 10
    wait(lambda: len(images) == 11, 4.0)  # who does not answer holds it up for a while, not for ever
    desk.close(camera)


def test_parameters_at_run_time(desk, wait, folder):
    from rclpy.parameter import Parameter

    camera = desk.make(CameraNode, source=str(folder), loop=True, fov=60.0)
    assert camera.set_parameters([Parameter("rate", value=200.0)])[0].successful
    refused = camera.set_parameters([Parameter("source", value="other.mp4")])[0]
    assert not refused.successful
    assert "source" in refused.reason
    assert not camera.set_parameters([Parameter("rate", value=-1.0)])[0].successful
    before = camera._worker.frames
    wait(lambda: camera._worker.frames > before + 50, 3.0)


def test_bad_sources_end_the_process_with_a_reason(desk, tmp_path):
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (tmp_path / "empty.yaml").touch()
    picture, missing, empty = str(tmp_path), str(tmp_path / "missing.yaml"), str(tmp_path / "empty.yaml")
    cases = {
        "is empty": {"source": ""},
        "does not exist": {"source": str(tmp_path / "missing.mp4")},
        "cannot be opened as a video": {"source": str(tmp_path / "text.mp4")},
        "holds no image": {"source": str(tmp_path / "empty")},
        "cannot be read as an image": {"source": str(tmp_path / "broken")},
        "cannot be opened: is it plugged in": {"source": "/dev/video77"},
        "fov": {"source": str(tmp_path), "fov": 300.0},
        "exclude each other": {"source": str(tmp_path), "fov": 60.0, "camera_info_url": "x.yaml"},
        "there is no package": {"source": str(tmp_path), "camera_info_url": "package://nowhere/x.yaml"},
        f"camera_info_url {missing!r}: {missing} cannot be read (No such file or directory): give the YAML file that "
        "camera_calibration wrote, or fov": {"source": picture, "camera_info_url": missing},
        f"camera_info_url {empty!r}: {empty} holds NoneType: give": {"source": picture, "camera_info_url": empty},
    }
    processes = {text: desk.start("camera_node", **parameters) for text, parameters in cases.items()}
    for text, process in processes.items():
        log, _ = process.communicate(timeout=60.0)
        assert process.returncode == 1, f"{text}: {log}"
        assert text in log
        assert "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_quietly(desk, wait, folder, number):
    images = desk.listen(Image, "image")
    camera = desk.start("camera_node", source=str(folder), loop=True, fov=60.0)
    wait(lambda: images, 20.0)
    camera.send_signal(number)
    log, _ = camera.communicate(timeout=10.0)
    assert camera.returncode == 0, log
    assert "Traceback" not in log


class Unplugged:
    """A webcam that sends three pictures whenever it is opened, and can be opened every third time."""

    live, rate, length = True, 30.0, 0

    def __init__(self, attempts):
        if next(attempts) % 3:
            raise SourceError("webcam 7 cannot be opened")
        self._left = 3

    def read(self):
        self._left -= 1
        return np.zeros((4, 6, 3), np.uint8) if self._left >= 0 else None

    def age_s(self):
        return 0.25

    def close(self):
        self._left = 0


def test_a_webcam_that_comes_back_goes_on(monkeypatch, wait):
    attempts, sent, logged = itertools.count(), [], []
    monkeypatch.setattr("hand_pose_ros.nodes.camera_worker.open_source", lambda text: Unplugged(attempts))
    monkeypatch.setattr("hand_pose_ros.nodes.camera_worker.BackOff", lambda: BackOff(0.01, 0.02))
    logger = type("Logger", (), {"error": staticmethod(logged.append)})
    ended = threading.Event()
    worker = CameraWorker(
        lambda: CameraSettings(source="7"), lambda stopped: True, lambda rgb, age: sent.append(age),
        lambda error: ended.set(), logger,
    )  # fmt: skip
    worker.start()
    wait(lambda: len(sent) > 6)
    worker.stop()
    assert ended.wait(2.0)
    assert set(sent) == {0.25}
    assert "webcam 7 sends no pictures; trying again" in logged[0]


def test_back_off_doubles_up_to_its_limit():
    back_off = BackOff(1.0, 5.0)
    assert [back_off.failed() for _ in range(4)] == [1.0, 2.0, 4.0, 5.0]
    back_off.succeeded()
    assert back_off.failed() == 1.0


def test_a_late_pace_makes_no_burst(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("hand_pose_ros.nodes.pacing.time.monotonic", lambda: now[0])
    waits = []
    stopped = type("Stopped", (), {"wait": lambda self, seconds: waits.append(round(seconds, 6)) and False})()
    pace = Pace(10.0)
    for delay in (0.0, 0.0, 5.0, 0.0, 0.0):
        now[0] += delay + (waits[-1] if waits else 0.0)
        assert pace.wait(stopped)
    # After the delay of 5 s one picture comes at once, one to catch up, then the pace is kept again.
    assert waits == pytest.approx([0.0, 0.1, 0.0, 0.0, 0.1], abs=1e-6)


def test_sources_and_sizes(video, folder):
    assert isinstance(open_source(str(video)), VideoFile)
    assert isinstance(open_source(str(folder)), ImageFolder)
    assert open_source(str(folder / "a.png")).read().shape == (60, 80, 3)
    assert open_source(str(video)).length == FRAMES
    picture = np.zeros((720, 1280, 3), np.uint8)
    assert fitted(picture, 0, 0) is picture
    assert fitted(picture, 640, 0).shape == (360, 640, 3)
    assert fitted(picture, 0, 360).shape == (360, 640, 3)
    assert fitted(picture, 100, 100).shape == (100, 100, 3)
    assert [plausible_rate(rate) for rate in (25.0, 0.0, -1.0, 90000.0, float("nan"))] == [25.0, 30.0, 30.0, 30.0, 30.0]


CALIBRATION = """image_width: 1280
image_height: 720
camera_name: eye
camera_matrix: {rows: 3, cols: 3, data: [900.0, 0.0, 640.5, 0.0, 905.0, 355.5, 0.0, 0.0, 1.0]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0.001, 0.002, 0.0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [900.0, 0, 640.5, 0, 0, 905.0, 355.5, 0, 0, 0, 1, 0]}
"""


def test_a_calibration_file_fits_resized_images_and_no_others(tmp_path):
    file = tmp_path / "eye.yaml"
    file.write_text(CALIBRATION)
    calibration = Calibration(f"file://{file}")
    full = calibration.message(Image().header, 1280, 720)
    assert list(full.k) == [900.0, 0.0, 640.5, 0.0, 905.0, 355.5, 0.0, 0.0, 1.0]
    assert list(full.d) == [0.1, -0.2, 0.001, 0.002, 0.0]
    assert full.distortion_model == "plumb_bob"
    half = calibration.message(Image().header, 640, 360)
    assert (half.width, half.height, half.k[0], half.k[4]) == (640, 360, 450.0, 452.5)
    assert half.k[2] == pytest.approx((640.5 + 0.5) / 2 - 0.5)
    with pytest.raises(ValueError, match="aspect ratio"):
        calibration.message(Image().header, 640, 480)


def test_calibration_urls():
    assert str(local_path("file:///a/b.yaml")) == "/a/b.yaml"
    assert local_path("package://hand_pose_ros/config/fastdds.xml").is_file()
    with pytest.raises(ValueError, match="http"):
        local_path("http://host/b.yaml")


def test_every_parameter_is_documented():
    from dataclasses import fields

    from hand_pose_ros.nodes.recorder_node import RecorderSettings
    from hand_pose_ros.nodes.visualization_node import VisualizationSettings

    page = (Path(__file__).resolve().parents[2] / "docs" / "camera_visualization_recorder.md").read_text()
    for settings in (CameraSettings, VisualizationSettings, RecorderSettings):
        for item in fields(settings):
            assert f"`{item.name}`" in page
            lines = [line for line in page.splitlines() if f"`{item.name}`" in line and line.startswith("|")]
            assert any(("(r)" in line) == item.metadata["runtime"] for line in lines), item.name
