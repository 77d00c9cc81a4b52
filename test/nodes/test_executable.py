"""The spinning of a node: it ends with the node's future, and keeps nothing from turn to turn."""

from __future__ import annotations

import threading
import time

import pytest

from hand_pose_ros.commands._ros_environment import free_domain

rclpy = pytest.importorskip("rclpy")
pytestmark = pytest.mark.ros

TURNS = 200


@pytest.fixture
def node(monkeypatch):
    from rclpy.task import Future

    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain()))
    rclpy.init()
    node = rclpy.create_node("spun")
    node.finished = Future()
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


def test_turns_leave_nothing_on_the_future(node):
    from hand_pose_ros.nodes.executable import _spin

    turns, callbacks = [], []

    def turn():
        turns.append(1)
        if len(turns) == TURNS:
            callbacks.append(len(node.finished._callbacks))
            node.finished.set_result(None)

    node.create_timer(0.001, turn)
    assert _spin(node) == 0
    assert callbacks[0] <= 2


def test_a_future_done_in_another_thread_wakes_an_idle_node(node):
    from hand_pose_ros.nodes.executable import _LAST_MESSAGES_S, _spin

    def finish():
        time.sleep(0.3)
        node.finished.set_result(None)

    started = time.monotonic()
    thread = threading.Thread(target=finish)
    thread.start()
    assert _spin(node) == 0
    thread.join()
    assert time.monotonic() - started < 0.3 + _LAST_MESSAGES_S + 3.0


def test_an_error_in_the_future_is_raised(node):
    from hand_pose_ros.nodes.executable import _spin

    node.finished.set_exception(RuntimeError("no more pictures"))
    with pytest.raises(RuntimeError, match="no more pictures"):
        _spin(node)
