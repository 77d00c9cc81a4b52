"""Lifecycle of the perception node: transitions, failures that can be retried, nothing after deactivate, clean ends."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import pytest

from hand_pose_ros.commands._ros_environment import free_domain

pytest.importorskip("rclpy")
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from hand_pose_ros.nodes.pipeline_loading import load_pipeline

pytestmark = pytest.mark.ros


def test_the_whole_life_twice(live, wait):
    bench = live(state="unconfigured")
    for round in range(2):
        for label, state in (
            ("configure", "inactive"), ("activate", "active"), ("deactivate", "inactive"), ("activate", "active"),
            ("deactivate", "inactive"), ("cleanup", "unconfigured"),
        ):  # fmt: skip
            assert bench.transition(label), label
            assert bench.state() == state
        assert len(bench.pipelines) == round + 1
    assert bench.transition("shutdown")
    assert bench.state() == "finalized"


def test_images_are_received_only_while_active(live, wait):
    bench = live(state="inactive")
    assert bench.probe.count_subscribers("image") == 0
    assert bench.transition("activate")
    wait(lambda: bench.probe.count_subscribers("image") == 1)
    assert bench.transition("deactivate")
    wait(lambda: bench.probe.count_subscribers("image") == 0)


@pytest.mark.parametrize("error", [FileNotFoundError("weights missing: run hand_pose_ros models fetch"), MemoryError()])
def test_a_failed_configure_says_why_and_can_be_tried_again(live, quick_pipeline, capfd, error):
    failures = [error]

    def load(*settings):
        if failures:
            raise failures.pop()
        return quick_pipeline(*settings)

    bench = live(load=load, state="unconfigured")
    assert not bench.transition("configure")
    assert bench.state() == "unconfigured"
    assert f"configure failed: {type(error).__name__}: {error}" in capfd.readouterr().err
    assert bench.transition("configure")
    assert bench.transition("activate")


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [({"model": "nonsense"}, "nonsense"), ({"device": "cuda:7"}, "cuda"), ({"models_dir": "/nowhere"}, "/nowhere")],
)
def test_the_real_loader_s_errors_name_the_value(live, capfd, overrides, reason):
    bench = live(load=load_pipeline, state="unconfigured", **overrides)
    assert not bench.transition("configure")
    assert reason in capfd.readouterr().err
    assert bench.state() == "unconfigured"


@pytest.mark.parametrize("transition", [Transition(id=Transition.TRANSITION_ACTIVATE), Transition(id=250),
                                        Transition(label="nonsense")])  # fmt: skip
def test_an_impossible_transition_is_refused_and_the_node_lives(live, transition):
    bench = live(state="unconfigured")
    assert not bench.call(ChangeState, "hand_pose_node/change_state", transition=transition).success
    assert bench.state() == "unconfigured"
    assert bench.transition("configure")


def test_autostart_configures_and_activates(live, wait):
    bench = live(state="", autostart=True)
    wait(lambda: bench.pipelines and bench.state() == "active")


def test_autostart_that_fails_leaves_the_node_alive(live, wait, capfd):
    def load(*settings):
        raise FileNotFoundError("weights missing")

    bench = live(load=load, state="", autostart=True)
    wait(lambda: bench.node._starter.is_canceled())
    assert bench.state() == "unconfigured"


def test_nothing_is_published_after_deactivate_in_the_midst_of_a_frame(live, wait):
    bench = live()
    hands = bench.hands()
    bench.pipeline.delay_s = 0.3
    bench.send_image()
    wait(lambda: bench.pipeline.batches)
    assert bench.transition("deactivate")
    seen = len(hands)
    time.sleep(0.5)
    assert len(hands) == seen == 0


def test_the_model_is_freed_by_cleanup(live):
    bench = live()
    reference = weakref.ref(bench.pipeline)
    assert bench.transition("deactivate")
    bench.pipelines.clear()
    gc.collect()
    assert reference() is not None
    assert bench.transition("cleanup")
    gc.collect()
    assert reference() is None


def test_a_changed_model_is_loaded_at_the_next_activation(live):
    bench = live()
    assert bench.transition("deactivate")
    assert bench.set(model="mediapipe_lite").successful
    assert bench.transition("activate")
    assert len(bench.pipelines) == 2
    assert bench.transition("deactivate")
    assert bench.transition("activate")
    assert len(bench.pipelines) == 2


def test_a_model_that_fails_at_activation_does_not_pass_for_the_old_one(live, quick_pipeline):
    def load(settings, *others):
        if settings.model == "broken":
            raise FileNotFoundError("broken.safetensors")
        return quick_pipeline(settings, *others)

    bench = live(load=load, state="inactive")
    assert bench.set(model="broken").successful
    assert not bench.transition("activate")
    assert bench.state() == "inactive"
    assert bench.set(model="mediapipe_full").successful
    assert bench.transition("activate")
    assert len(bench.pipelines) == 2


def test_destroying_an_active_node_under_fire_neither_hangs_nor_raises(live, wait):
    for _ in range(5):
        bench = live()
        bench.pipeline.delay_s = 0.02
        for _ in range(5):
            bench.send_image()
        wait(lambda bench=bench: bench.pipeline.batches)
        begun = time.monotonic()
        bench.close()
        assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay_s", [0.0, 0.3])
def test_a_signal_ends_the_process_with_0_at_any_moment(number, delay_s):
    process = start_process("-p", "autostart:=true")
    for line in process.stderr:
        if "loaded in" in line:
            break
    time.sleep(delay_s)
    process.send_signal(number)
    rest = process.communicate(timeout=10.0)[1]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_a_signal_while_the_networks_load_ends_the_process_with_0():
    process = start_process("-p", "autostart:=true", load_s=20.0)
    assert "loading" in process.stderr.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=10.0)[1]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_a_parameter_out_of_range_ends_the_start_with_a_reason_not_a_traceback():
    process = start_process("-p", "estimator.max_hands:=99")
    error = process.communicate(timeout=20.0)[1]
    assert process.returncode == 1
    assert "estimator.max_hands" in error
    assert "99" in error
    assert "Traceback" not in error


PROCESS = """
import sys, time
load_s = float(sys.argv.pop(1))
sys.path.insert(0, sys.argv.pop(1))
from conftest import QuickPipeline
from hand_pose_ros.nodes import hand_pose_node

def load(*settings):
    print("loading", file=sys.stderr, flush=True)
    time.sleep(load_s)
    return QuickPipeline(*settings)

hand_pose_node.HandPoseNode.__init__.__defaults__ = (load,)
sys.exit(hand_pose_node.main())
"""


def start_process(*parameters, load_s=0.0):
    command = [sys.executable, "-c", PROCESS, str(load_s), str(Path(__file__).parent), "--ros-args", *parameters]
    environment = os.environ | {"ROS_DOMAIN_ID": str(free_domain()), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
