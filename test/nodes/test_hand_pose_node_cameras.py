"""Several cameras, transports, mirrored images, simulated time, diagnostics, enable and lazy."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool
from tf2_msgs.msg import TFMessage

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.networks.model_card import DEFAULT_MODEL
from hand_pose_ros.nodes.conversions import compressed_message
from hand_pose_ros.nodes.lost_images import LostImages

pytestmark = pytest.mark.ros


def test_all_cameras_are_one_batch_and_each_has_its_own_topics(live, wait):
    bench = live(cameras=["left", "right"])
    hands = {name: bench.hands(f"{name}/hands") for name in ("left", "right")}
    transforms = bench.listen(TFMessage, "/tf")
    for name in hands:
        bench.calibrate(name=name)
    bench.pipeline.delay_s = 0.2
    bench.send_image(0, "left/image")
    wait(lambda: bench.pipeline.batches)  # both of the following arrive while this one is worked on
    bench.send_image(1, "left/image", bench.header("left_optical"))
    bench.send_image(2, "right/image", bench.header("right_optical"))
    wait(lambda: len(hands["left"]) == 2 and hands["right"])
    assert [len(batch) for batch in bench.pipeline.batches] == [1, 2]
    assert len(hands["left"][1].hands) == 1
    assert len(hands["right"][0].hands) == 2
    wait(lambda: transforms)
    frames = {(each.header.frame_id, each.child_frame_id) for each in transforms[0].transforms}
    assert ("left_optical", "left/right_hand") in frames
    assert ("right_optical", "right/right_hand") in frames
    assert len(frames) == 3 * 21


def test_one_silent_camera_does_not_hold_up_the_other(live, wait):
    bench = live(cameras=["a", "b"])
    hands = bench.hands("a/hands")
    for n in range(3):
        bench.send_image(1, "a/image")
        wait(lambda n=n: len(hands) == n + 1)


@pytest.mark.parametrize("kind", ["jpeg", "png"])
@pytest.mark.parametrize("transport", ["compressed", "auto"])
def test_compressed_images(live, wait, kind, transport):
    bench = live(image_transport=transport)
    hands = bench.hands()
    image = np.zeros((48, 64, 3), np.uint8)
    image[:8, :8, 0] = 2  # wide enough for JPEG
    message = compressed_message(image, bench.header("camera"), kind, 100)
    bench.send(message, "image/compressed")
    wait(lambda: hands)
    assert hands[0].header == message.header
    assert bench.pipeline.batches[0][0].image.shape == (48, 64, 3)


def test_auto_follows_the_publisher_there_is(live, wait):
    bench = live()
    hands = bench.hands()
    bench.send(compressed_message(np.ones((48, 64, 3), np.uint8), bench.header()), "image/compressed")
    wait(lambda: hands)
    bench.probe.destroy_publisher(bench._publishers.pop("image/compressed"))
    bench.send_image()
    wait(lambda: len(hands) == 2)


def test_compressed_topics_follow_the_remapped_image(live, wait):
    bench = live(image_transport="compressed", arguments=["--ros-args", "-r", "image:=/driver/image_raw"])
    hands = bench.hands()
    bench.send(compressed_message(np.ones((48, 64, 3), np.uint8), bench.header()), "/driver/image_raw/compressed")
    wait(lambda: hands)


def test_a_corrupt_compressed_image_is_skipped(live, wait):
    bench = live(image_transport="compressed")
    hands = bench.hands()
    good = compressed_message(np.ones((48, 64, 3), np.uint8), bench.header())
    bench.send(CompressedImage(header=good.header, format="jpeg", data=bytes(good.data)[:200]), "image/compressed")
    wait(lambda: bench.node._cameras[""].counts.bad == 1)
    bench.send(good, "image/compressed")
    wait(lambda: hands)


def test_mirrored_images_are_turned_back_and_keypoints_turned_again(live, wait):
    bench = live(mirrored=True)
    hands = bench.hands()
    camera = CameraModel(64, 48, [[45.0, 0, 30.0], [0, 45.0, 23.0], [0, 0, 1]])
    bench.calibrate(camera)
    from hand_pose_ros.nodes.conversions import image_message

    picture = np.zeros((48, 64, 3), np.uint8)
    picture[0, -1] = 1  # the first pixel once turned back: one hand
    bench.send(image_message(picture, bench.header()), "image")
    wait(lambda: hands)
    [hand] = hands[0].hands
    seen = bench.pipeline.batches[0][0]
    assert seen.image[0, 0, 0] == 1
    assert seen.camera.intrinsics[2] == pytest.approx(63.0 - 30.0)
    back = seen.camera.project(np.array([[joint.x, joint.y, joint.z] for joint in hand.joints]))
    # What is published in pixels is where the hand is in the mirrored image, what is in metres is where it is.
    np.testing.assert_allclose([keypoint.x for keypoint in hand.keypoints], 63.0 - back[:, 0], atol=0.6)


def test_simulated_time_decides_about_age_and_a_jump_back_resets(live, wait):
    bench = live(use_sim_time=True)
    hands, clock = bench.hands(), bench.publisher(Clock, "/clock", 10)
    set_clock(bench, clock, 100, wait)
    bench.send_image(header=bench.header(stamp=Time(sec=99, nanosec=900_000_000)))
    wait(lambda: hands)
    bench.send_image(header=bench.header(stamp=Time(sec=98)))
    wait(lambda: bench.node._cameras[""].counts.stale == 1)
    before = bench.pipeline.resets.count(None)
    set_clock(bench, clock, 10, wait)
    bench.send_image(header=bench.header(stamp=Time(sec=10)))
    wait(lambda: len(hands) == 2)
    assert bench.pipeline.resets.count(None) == before + 1
    p50, _ = bench.node._cameras[""].counts.latency.percentiles_ms()
    assert p50 < 200.0


def set_clock(bench, publisher, seconds, wait):
    publisher.publish(Clock(clock=Time(sec=seconds)))
    wait(lambda: int(bench.node.get_clock().now().nanoseconds * 1e-9) == seconds)


def test_diagnostics_tell_rates_latency_drops_and_a_camera_that_vanished(live, wait):
    bench = live(state="inactive")
    reports = bench.listen(DiagnosticArray, "/diagnostics")
    wait(lambda: reports)
    assert values(reports[-1], "hand pose")["state"] == "inactive"
    assert bench.transition("activate")
    bench.calibrate()
    begun = time.monotonic()
    while time.monotonic() - begun < 1.2:
        bench.send_image()
        time.sleep(0.05)
    wait(lambda: camera(reports[-1]) and int(values(reports[-1], "camera")["processed"]) > 10)
    status, told = camera(reports[-1]), values(reports[-1], "camera")
    assert status.level == DiagnosticStatus.OK, status.message
    assert 0.0 < float(told["latency_p50_ms"]) <= float(told["latency_p95_ms"]) < 500.0
    assert float(told["processed_hz"]) > 5.0
    assert {"dropped", "stale", "bad_images", "received", "hands", "publishers"} <= set(told)
    networks = values(reports[-1], "hand pose")
    assert networks["model"] == DEFAULT_MODEL
    assert networks["device"] == "cpu"
    assert float(networks["inference_p50_ms"]) >= 0.0
    wait(lambda: camera(reports[-1]).level == DiagnosticStatus.ERROR)
    assert "no image for" in camera(reports[-1]).message


def test_diagnostics_warn_of_a_camera_that_never_came_and_of_missing_metres(live, wait):
    bench = live()
    reports = bench.listen(DiagnosticArray, "/diagnostics")
    wait(lambda: reports and camera(reports[-1]) and camera(reports[-1]).level == DiagnosticStatus.WARN)
    assert "no image yet on /image" in camera(reports[-1]).message
    bench.send_image()
    wait(lambda: "2D only" in camera(reports[-1]).message)


@pytest.mark.parametrize("images_per_info", [1.0, 0.2, 0.0])
def test_a_camera_whose_images_get_lost_is_told_of_fast_dds(live, wait, images_per_info):
    bench = live()
    reports = bench.listen(DiagnosticArray, "/diagnostics")
    bench.publisher(Image, "image")
    for number in range(1, 101):
        bench.send_info()
        if number * images_per_info % 1 == 0 and images_per_info:
            bench.send_image()
        time.sleep(0.025)
    wait(lambda: reports and int(values(reports[-1], "camera")["camera_infos"]) > 50)
    told = [camera(report).message for report in reports if camera(report)]
    warned = [text for text in told if "camera_info messages in" in text and "config/fastdds.xml" in text]
    assert bool(warned) == (images_per_info < 0.5), told


def test_no_images_and_no_camera_that_sends_them_is_no_loss():
    lost = LostImages("/image")
    assert lost.update(0, 0, 0, 1) == lost.update(0, 100, 0, 1) == ""
    assert "0 images on /image for 100 camera_info" in lost.update(0, 100, 1, 1)
    assert not LostImages("/image").update(0, 100, 1, 1)  # what was counted before
    assert lost.update(0, 0, 1, 1) == ""  # subscribed anew: the counts begin at 0


def camera(report):
    return next((status for status in report.status if "camera" in status.name), None)


def values(report, name):
    status = next(status for status in report.status if name in status.name)
    return {pair.key: pair.value for pair in status.values}


def test_enable_unsubscribes_and_subscribes(live, wait):
    bench = live()
    hands = bench.hands()
    assert bench.call(SetBool, "hand_pose_node/enable", data=False).success
    wait(lambda: bench.probe.count_subscribers("image") == 0)
    publisher = bench.probe.create_publisher(Image, "image", 1)
    time.sleep(0.1)
    publisher.publish(Image())
    assert bench.state() == "active"
    assert bench.call(SetBool, "hand_pose_node/enable", data=True).success
    bench.send_image()
    wait(lambda: hands)
    assert len(hands) == 1


def test_enable_is_remembered_while_inactive(live, wait):
    bench = live(state="inactive")
    answer = bench.call(SetBool, "hand_pose_node/enable", data=False)
    assert answer.success
    assert "not active" in answer.message
    assert bench.transition("activate")
    time.sleep(0.3)
    assert bench.probe.count_subscribers("image") == 0


def test_lazy_works_only_while_someone_listens(live, wait):
    bench = live(lazy=True)
    time.sleep(0.3)
    assert bench.probe.count_subscribers("image") == 0
    hands = bench.hands()
    bench.send_image()
    wait(lambda: hands)
    subscription = next(each for each in bench.probe.subscriptions if each.topic_name == "/hands")
    bench.probe.destroy_subscription(subscription)
    wait(lambda: bench.probe.count_subscribers("image") == 0)
