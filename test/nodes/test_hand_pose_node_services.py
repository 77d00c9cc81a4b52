"""Services that set and calibrate the hand scale, against a live node."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import Image

from hand_pose_ros.hand_scale import POPULATION_PRIOR
from hand_pose_ros.msg import HandPose
from hand_pose_ros.srv import CalibrateHandScale, SetHandScale

pytestmark = pytest.mark.ros
SET, CALIBRATE = "hand_pose_node/set_hand_scale", "hand_pose_node/calibrate_hand_scale"


def test_one_side_is_set_and_the_other_keeps_its_prior(live, wait):
    bench = live()
    hands = bench.hands()
    bench.calibrate()
    answer = bench.call(SetHandScale, SET, side=1, method=0, length_m=0.1)
    assert answer.success
    assert answer.hand_scale == pytest.approx(0.1)
    assert answer.hand_scale_stddev > 0.0
    bench.send_image(2)
    wait(lambda: hands)
    scales = {hand.handedness: (hand.hand_scale, hand.hand_scale_source) for hand in hands[0].hands}
    assert scales[HandPose.HANDEDNESS_LEFT] == (pytest.approx(0.1), HandPose.HAND_SCALE_USER)
    assert scales[HandPose.HANDEDNESS_RIGHT] == (
        pytest.approx(POPULATION_PRIOR.mean_m), HandPose.HAND_SCALE_PRIOR
    )  # fmt: skip


def test_palm_and_hand_length_agree_and_the_prior_comes_back(live):
    bench = live(state="unconfigured")
    palm = bench.call(SetHandScale, SET, method=1, length_m=0.1126)
    whole = bench.call(SetHandScale, SET, method=2, length_m=0.1872)
    assert palm.success
    assert whole.success
    assert palm.hand_scale == pytest.approx(whole.hand_scale, rel=0.02)
    coarse = bench.call(SetHandScale, SET, method=2, length_m=0.1872, stddev_m=0.02)
    assert coarse.hand_scale_stddev > 2.0 * whole.hand_scale_stddev
    back = bench.call(SetHandScale, SET, method=3)
    assert back.success
    assert back.hand_scale == pytest.approx(POPULATION_PRIOR.mean_m)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"method": 0, "length_m": 0.5}, "0.5"),
        ({"method": 0, "length_m": float("nan")}, "nan"),
        ({"method": 1, "length_m": 0.01}, "0.01"),
        ({"method": 2, "length_m": -0.2}, "-0.2"),
        ({"method": 9, "length_m": 0.1}, "method 9"),
        ({"method": 0, "length_m": 0.09, "side": 7}, "side 7"),
        ({"method": 0, "length_m": 0.09, "stddev_m": -1.0}, "-1"),
    ],
)
def test_a_wrong_length_is_refused_and_what_is_in_force_stays(shared, fields, reason):
    answer = shared.call(SetHandScale, SET, **fields)
    assert not answer.success
    assert reason in answer.message
    assert answer.hand_scale == pytest.approx(POPULATION_PRIOR.mean_m)


def test_calibration_at_a_known_distance(live, wait):
    bench = live()
    bench.calibrate()
    with Sending(bench):
        answer = bench.call(CalibrateHandScale, CALIBRATE, distance_m=0.6, frames=5, timeout_s=5.0, side=2)
    assert answer.success, answer.message
    assert answer.frames_used == 5
    # The quick hand was drawn with the prior's scale half a metre away.
    assert answer.hand_scale == pytest.approx(POPULATION_PRIOR.mean_m * 0.6 / 0.5, rel=0.05)
    assert bench.node.scales.in_force.right.source == "calibrated"
    assert bench.node.scales.in_force.left == POPULATION_PRIOR


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_calibration_from_a_depth_image(live, wait, encoding):
    bench = live()
    bench.calibrate()
    with Sending(bench, depth=encoding):
        answer = bench.call(CalibrateHandScale, CALIBRATE, method=1, frames=3, timeout_s=5.0)
    assert answer.success, answer.message
    assert answer.hand_scale == pytest.approx(POPULATION_PRIOR.mean_m, rel=0.1)
    assert bench.node.scales.in_force.left.source == "depth"
    wait(lambda: bench.probe.count_subscribers("depth") == 0)


@pytest.mark.parametrize(
    ("situation", "fields", "reason"),
    [
        ("inactive", {"distance_m": 0.6}, "not active"),
        ("silent", {"distance_m": 0.6}, "no image"),
        ("two hands", {"distance_m": 0.6}, "2 hands"),
        ("uncalibrated", {"distance_m": 0.6}, "camera_info"),
        ("no depth", {"method": 1}, "depth"),
    ],
)
def test_a_calibration_that_cannot_be_says_why(live, situation, fields, reason):
    bench = live(state="inactive" if situation == "inactive" else "active")
    if situation not in ("inactive", "uncalibrated"):
        bench.calibrate()
    fields = {"frames": 2, "timeout_s": 0.4} | fields
    if situation in ("two hands", "uncalibrated", "no depth"):
        with Sending(bench, hands=2 if situation == "two hands" else 1):
            answer = bench.call(CalibrateHandScale, CALIBRATE, **fields)
    else:
        answer = bench.call(CalibrateHandScale, CALIBRATE, **fields)
    assert not answer.success
    assert reason in answer.message
    assert bench.node.scales.in_force.left == POPULATION_PRIOR
    assert bench.node.scales.measurement is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"distance_m": 9.0}, "9"),
        ({"distance_m": 0.0}, "0.1"),
        ({"distance_m": 0.6, "frames": 9999}, "9999"),
        ({"distance_m": 0.6, "timeout_s": -1.0}, "-1"),
        ({"method": 5}, "method 5"),
        ({"distance_m": 0.6, "side": 5}, "side 5"),
    ],
)
def test_a_calibration_nobody_can_mean_is_refused_at_once(shared, fields, reason):
    answer = shared.call(CalibrateHandScale, CALIBRATE, **fields)
    assert not answer.success
    assert reason in answer.message
    assert shared.node.scales.measurement is None


def test_a_second_calibration_and_a_deactivation_meanwhile_are_answered(live, wait):
    bench = live()
    bench.calibrate()
    answers = []
    first = threading.Thread(
        target=lambda: answers.append(bench.call(CalibrateHandScale, CALIBRATE, distance_m=0.6, timeout_s=8.0))
    )
    first.start()
    wait(lambda: bench.node.scales.measurement is not None)
    second = bench.call(CalibrateHandScale, CALIBRATE, distance_m=0.6, timeout_s=1.0)
    assert not second.success
    assert "already" in second.message
    assert bench.transition("deactivate")
    first.join(2.0)
    assert answers
    assert not answers[0].success


class Sending:
    """Images (and depth images) at 50 Hz in the background."""

    def __init__(self, bench, hands=1, depth=""):
        self.bench, self.hands, self.depth, self.stop = bench, hands, depth, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()

    def run(self):
        depth = self.depth and self.bench.probe.create_publisher(Image, "depth", 1)
        while not self.stop.is_set():
            header = self.bench.header()
            if self.depth:
                depth.publish(depth_message(header, self.depth))
                time.sleep(0.005)
            self.bench.send_image(self.hands, header=header)
            time.sleep(0.02)


def depth_message(header, encoding):
    metres = np.full((48, 64), 0.5)
    data = (metres * 1000).astype("<u2") if encoding == "16UC1" else metres.astype("<f4")
    return Image(header=header, width=64, height=48, encoding=encoding, step=64 * data.itemsize, data=data.tobytes())
