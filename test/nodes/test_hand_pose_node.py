"""The perception node over real DDS: one message per image, headers, metres, TF, bad images, stale images."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import PREDICTED
from hand_pose_ros.msg import HandPose, HandPoseInfo
from hand_pose_ros.networks.model_card import DEFAULT_MODEL
from hand_pose_ros.nodes.conversions import hand_from_message, image_message

pytestmark = pytest.mark.ros


def test_every_processed_image_gives_one_message_with_its_own_header(live, wait):
    bench = live()
    hands = bench.hands()
    for n in range(8):
        sent = bench.send_image(hands=n % 3, header=bench.header(f"camera_{n}"))
        wait(lambda n=n: len(hands) == n + 1)
        assert hands[-1].header == sent.header
        assert len(hands[-1].hands) == n % 3
        assert all(hand.header == sent.header for hand in hands[-1].hands)
        assert (hands[-1].image_width, hands[-1].image_height) == (64, 48)


def test_the_networks_run_off_the_executor(live, wait):
    bench = live()
    hands = bench.hands()
    bench.send_image()
    wait(lambda: hands)
    assert bench.pipeline.threads == {"hand_pose"}


def test_metres_need_a_calibration_that_may_come_late(live, wait):
    bench = live()
    hands = bench.hands()
    bench.send_image()
    wait(lambda: hands)
    assert not hands[0].calibrated
    assert not hands[0].hands[0].metric
    assert np.isnan(hand_from_message_joints(hands[0].hands[0])).all()
    assert hands[0].hands[0].hand_scale_source == HandPose.HAND_SCALE_NONE
    bench.calibrate()
    bench.send_image()
    wait(lambda: len(hands) == 2)
    assert hands[1].calibrated
    assert hands[1].hands[0].metric
    assert 0.1 < hand_from_message(hands[1].hands[0]).joints_m[0, 2] < 2.0


def hand_from_message_joints(message):
    return np.array([(point.x, point.y, point.z) for point in message.joints])


def test_a_calibration_that_changes_changes_the_metres(live, wait):
    bench = live()
    hands, distances = bench.hands(), []
    for fov in (70.0, 40.0):
        bench.calibrate(CameraModel.from_fov(64, 48, fov))
        wait(lambda fov=fov: abs(bench.node._cameras[""]._calibration._message.k[0] - focal(fov)) < 1e-6)
        bench.send_image()
        wait(lambda: len(hands) == len(distances) + 1)
        distances.append(bench.pipeline.batches[-1][0].camera.intrinsics[0])
    assert distances[1] > 1.5 * distances[0]


def focal(fov):
    return CameraModel.from_fov(64, 48, fov).intrinsics[0]


@pytest.mark.parametrize("spoil", ["zeros", "nan", "model", "aspect"])
def test_a_useless_calibration_gives_pixels_only_and_never_metres(live, wait, spoil):
    bench = live()
    hands = bench.hands()
    info = bench.send_info()
    if spoil == "zeros":
        info.k = [0.0] * 9
    elif spoil == "nan":
        info.k = [float("nan")] * 9
    elif spoil == "model":
        info.distortion_model = "fancy"
    else:
        info.width, info.height = 100, 100
    info.header.frame_id = "spoilt"
    bench.send(info, "camera_info")
    calibration = bench.node._cameras[""]._calibration
    wait(lambda: calibration._message is not None and calibration._message.header.frame_id == "spoilt")
    bench.send_image()
    wait(lambda: hands)
    assert not hands[0].calibrated
    assert not hands[0].hands[0].metric
    assert calibration.problem


def test_an_image_of_half_the_calibrated_size_is_scaled(live, wait):
    bench = live()
    hands = bench.hands()
    bench.calibrate(CameraModel.from_fov(128, 96, 70.0))
    bench.send_image()
    wait(lambda: hands)
    used, expected = bench.pipeline.batches[0][0].camera, CameraModel.from_fov(128, 96, 70.0).resized(64, 48)
    assert (used.width, used.height) == (64, 48)
    np.testing.assert_allclose(used.matrix, expected.matrix)


def test_transforms_carry_the_image_s_stamp_and_frame_and_meet_the_joints(live, wait):
    bench = live(tf_prefix="robot1/")
    hands, transforms = bench.hands(), bench.listen(TFMessage, "/tf")
    bench.calibrate()
    sent = bench.send_image(hands=2, header=bench.header("camera_optical"))
    wait(lambda: hands and transforms)
    by_name = {each.child_frame_id: each for each in transforms[0].transforms}
    assert len(by_name) == 2 * 21
    for hand, side in zip(hands[0].hands, ("right", "left"), strict=True):
        wrist, tip = by_name[f"robot1/{side}_hand"], by_name[f"robot1/{side}_hand/index_tip"]
        assert wrist.header == sent.header
        assert tip.header.stamp == sent.header.stamp
        assert tip.header.frame_id == f"robot1/{side}_hand"
        assert wrist.transform.rotation == hand.wrist_pose.orientation
        np.testing.assert_allclose(through(wrist, tip), point(hand.joints[8]), atol=1e-9)


def point(each):
    return np.array([each.x, each.y, each.z])


def through(wrist, tip):
    """A joint's position in the camera's frame, by the quaternion's rotation formula."""
    q, v = wrist.transform.rotation, point(tip.transform.translation)
    axis = np.array([q.x, q.y, q.z])
    return v + 2.0 * np.cross(axis, np.cross(axis, v) + q.w * v) + point(wrist.transform.translation)


def test_of_two_right_hands_only_the_better_scored_one_is_sent_on_tf(live, wait):
    bench = live(publish_joint_frames=False)
    hands, transforms = bench.hands(), bench.listen(TFMessage, "/tf")
    bench.calibrate()
    bench.send_image(hands=3)
    wait(lambda: hands and transforms)
    assert [hand.handedness for hand in hands[0].hands].count(HandPose.HANDEDNESS_RIGHT) == 2
    sent = {each.child_frame_id: each for each in transforms[0].transforms}
    assert set(sent) == {"right_hand", "left_hand"}
    np.testing.assert_allclose(point(sent["right_hand"].transform.translation), point(hands[0].hands[0].joints[0]))


@pytest.mark.parametrize("case", ["no camera_info", "predicted", "empty frame_id", "switched off"])
def test_nothing_untrustworthy_is_sent_on_tf(live, wait, case):
    bench = live(publish_tf=case != "switched off")
    hands, transforms = bench.hands(), bench.listen(TFMessage, "/tf")
    if case != "no camera_info":
        bench.calibrate()
    if case == "predicted":
        bench.pipeline.status = PREDICTED
    bench.send_image(header=bench.header("" if case == "empty frame_id" else "camera"))
    wait(lambda: hands)
    assert len(hands[0].hands) == 1
    time.sleep(0.2)
    assert not transforms


def test_the_newest_image_wins_and_the_others_are_counted(live, wait):
    bench = live()
    bench.pipeline.delay_s = 0.15
    hands = bench.hands()
    stamps = []
    for _ in range(12):
        stamps.append(bench.send_image().header.stamp)
        time.sleep(0.03)
    wait(lambda: hands and hands[-1].header.stamp == stamps[-1])
    assert len(hands) < 8
    counts, dropped = bench.node._cameras[""].counts, bench.node._perception.slots.dropped[""]
    wait(lambda: counts.processed == len(hands))
    assert counts.processed + dropped == counts.received
    assert [message.header.stamp for message in hands] == [stamp for stamp in stamps if stamp in
                                                          [message.header.stamp for message in hands]]  # fmt: skip


def test_a_stale_image_is_dropped_and_counted(live, wait):
    bench = live(max_age_s=0.5)
    hands, counts = bench.hands(), bench.node._cameras[""].counts
    late = (bench.probe.get_clock().now() - Duration(seconds=2.0)).to_msg()
    bench.send_image(header=bench.header(stamp=late))
    wait(lambda: bench.node._cameras[""].counts.stale == 1)
    bench.send_image()
    wait(lambda: hands)
    assert len(hands) == 1
    assert counts.processed == 1


@pytest.mark.parametrize("stamp", [Time(), Time(sec=100), Time(sec=2**31 - 1)])
def test_stamps_of_another_clock_are_used_with_a_warning_not_dropped_in_silence(live, wait, stamp):
    bench = live()
    hands = bench.hands()
    sent = bench.send_image(header=bench.header(stamp=stamp))
    wait(lambda: hands)
    assert hands[0].header == sent.header
    frame = bench.pipeline.batches[0][0]
    assert frame.stamp_s > 1e9 if stamp == Time() else frame.stamp_s == stamp.sec
    assert np.isnan(bench.node._cameras[""].counts.latency.percentiles_ms()[0])


def test_a_bag_that_loops_starts_the_tracks_anew(live, wait):
    bench = live()
    hands = bench.hands()
    for seconds in (50, 51, 40):
        bench.send_image(header=bench.header(stamp=Time(sec=seconds)))
        wait(lambda seconds=seconds: hands and hands[-1].header.stamp.sec == seconds)
    # Warm-up, activation, first image and loop; an overtaken image is dropped instead.
    assert bench.pipeline.resets[-1] == ""
    before = len(bench.pipeline.resets)
    bench.send_image(header=bench.header(stamp=Time(sec=39, nanosec=900_000_000)))
    wait(lambda: bench.node._cameras[""].counts.overtaken == 1)
    assert len(bench.pipeline.resets) == before


def test_bad_images_are_skipped_counted_and_do_no_harm(live, wait):
    bench = live()
    hands = bench.hands()
    for n, encoding in enumerate(("mono16", "32FC1", "nonsense")):
        bad = image_message(np.zeros((48, 64, 3), np.uint8), bench.header())
        bad.encoding = encoding
        bench.send(bad, "image")
        wait(lambda n=n: bench.node._cameras[""].counts.bad == n + 1)
    bench.send(Image(header=bench.header(), width=64, height=48, encoding="rgb8", step=192, data=b"123"), "image")
    wait(lambda: bench.node._cameras[""].counts.bad == 4)
    assert "truncated" in bench.node._cameras[""].counts.last_problem
    bench.send_image()
    wait(lambda: hands)
    assert len(hands) == 1


def test_a_failing_network_costs_its_image_only(live, wait):
    bench = live()
    hands = bench.hands()
    bench.pipeline.failure = RuntimeError("CUDA out of memory")
    bench.send_image()
    wait(lambda: bench.node._perception.failures == 1)
    bench.pipeline.failure = None
    bench.send_image()
    wait(lambda: hands)
    assert None in bench.pipeline.resets[-2:]


def test_what_the_messages_mean_is_latched(live, wait):
    from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

    bench = live()
    time.sleep(0.3)  # a late subscriber
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)
    infos = bench.listen(HandPoseInfo, "hand_pose_info", latched)
    wait(lambda: infos)
    assert infos[0].joint_names[8] == "index_tip"
    assert infos[0].bones.tolist()[:8] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert infos[0].model == DEFAULT_MODEL
    assert infos[0].device == "cpu"
    assert infos[0].version


def test_names_are_relative_and_two_nodes_do_not_meet(live, wait):
    first, second = live(namespace="/a"), live(namespace="/b")
    hands = first.hands(), second.hands()
    first.send_image(hands=2)
    wait(lambda: hands[0])
    assert len(hands[0][0].hands) == 2
    assert not hands[1]
    assert first.node.count_subscribers("/a/image") == 1
    assert isinstance(first.send_info(), CameraInfo)
