"""A node whose shutdown hangs is ended by force, with its stacks in the log; one that ends in order is left alone.

Processes with a real node and real signals.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from hand_pose_ros.commands._ros_environment import free_domain

pytest.importorskip("rclpy")
pytestmark = pytest.mark.ros

PATIENCE_S = 1.0
NODE = f"""
import atexit, ctypes, sys, time
from rclpy.node import Node
from rclpy.task import Future
from hand_pose_ros.nodes.executable import run_node

class Stuck(Node):
    def __init__(self):
        super().__init__("stuck")
        self.create_timer(0.05, self.tick)
        self.finished = Future()

    def tick(self):
        print("spinning", flush=True)
        if sys.argv[1] == "finished":
            self.finished.set_result(None)
        if sys.argv[1] == "callback":
            time.sleep(60)

    def close(self):
        if sys.argv[1] == "close":
            time.sleep(60)

    def destroy_node(self):
        if sys.argv[1] in ("destroy_node", "finished"):
            time.sleep(60)
        if sys.argv[1] == "interpreter":
            ctypes.PyDLL(None).sleep(60)  # keeps the GIL
        super().destroy_node()

if sys.argv[1] == "exit":
    atexit.register(time.sleep, 60)
sys.exit(run_node(Stuck, [], patience_s={PATIENCE_S}))
"""


@pytest.fixture
def start(monkeypatch):
    """Start a node that hangs where told, and wait until it spins."""
    started = []

    def start_(where):
        # Whoever starts the tests may have SIGINT ignored, which a child inherits.
        process = subprocess.Popen(
            [sys.executable, "-c", NODE, where], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "ROS_DOMAIN_ID": str(free_domain())},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "spinning\n", process.stderr.read()
        return process

    yield start_
    for process in started:
        process.kill()
        process.communicate()


def end(process):
    """Exit status, seconds and log of a process that ends."""
    started = time.monotonic()
    _, log = process.communicate(timeout=30.0)
    return process.returncode, time.monotonic() - started, log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_that_shuts_down_in_order_is_left_alone(start, number):
    process = start("nowhere")
    process.send_signal(number)
    status, _, log = end(process)
    assert (status, log) == (0, "")


def test_ctrl_c_that_comes_again_and_again_does_not_turn_an_orderly_end_into_a_death(start):
    process = start("nowhere")
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    assert (process.returncode, process.stderr.read()) == (0, "")


@pytest.mark.parametrize(
    ("where", "status"),
    [("close", 1), ("callback", 1), ("destroy_node", 0), ("exit", 0)],  # 0: everything had been done
)
def test_a_hang_after_a_signal_is_ended_with_its_stacks(start, where, status):
    process = start(where)
    process.send_signal(signal.SIGINT)
    code, seconds, log = end(process)
    assert code == status
    assert PATIENCE_S <= seconds < PATIENCE_S + 8.0
    assert "[ERROR]" in log
    assert "[Stuck]: did not shut down within 1 s" in log
    if where != "exit":
        assert 'File "<string>"' in log
        assert f"in {where if where != 'callback' else 'tick'}" in log


def test_a_hang_after_the_node_has_finished_is_ended_too(start):
    code, _, log = end(start("finished"))
    assert code == 0
    assert "in destroy_node" in log


def test_where_python_itself_is_stuck_the_alarm_ends_it_with_its_stacks(start):
    process = start("interpreter")
    process.send_signal(signal.SIGTERM)
    code, seconds, log = end(process)
    assert code == -signal.SIGALRM
    assert seconds < PATIENCE_S + 10.0
    assert "in destroy_node" in log
