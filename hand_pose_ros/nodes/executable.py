"""From a node's class to a process: start it, spin it until it has finished or a signal comes, close it."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node

from hand_pose_ros.nodes.allocator import keep_freed_memory
from hand_pose_ros.nodes.watchdog import Watchdog

PATIENCE_S = 4.0  # for shutting down; ros2 launch and hand_pose_ros run wait 5 s
_LAST_MESSAGES_S = 0.5  # for what was published last to reach slow subscribers before the process goes


def run_node(make: Callable[[], Node], args=None, patience_s: float = PATIENCE_S) -> int:
    """Run ``make()`` until SIGINT, SIGTERM, or until its future ``finished`` (if it has one) is done.

    Returns the exit status: 0, or 1 with the reason in the log when the node could not start or ``finished`` holds an
    exception. The node's ``close``, if it has one, finishes its files. Signals interrupt neither that nor a callback,
    unless the node's ``loading`` is true: a KeyboardInterrupt in rclpy's C++ crashes, one in file output tears it.
    A shutdown that takes longer than ``patience_s`` is ended by force, with all stacks on stderr.
    """
    keep_freed_memory()
    node, asked_to_stop = None, []

    def on_signal(number, frame):
        # rclpy's handler, put on top of this one, ends the spinning; here we remember a signal that came before it.
        asked_to_stop.append(number)
        if getattr(node, "loading", False):
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    watchdog = Watchdog(_name(make), patience_s).start()
    try:
        rclpy.init(args=args)
    except RuntimeError as error:  # rcl's own: bad arguments, a parameter file that cannot be read
        get_logger(_name(make)).fatal(f"{str(error).strip()}. Check what follows --ros-args, and its --params-file")
        return 1
    status = 1
    try:
        node = None if asked_to_stop else make()
        status = 0 if asked_to_stop else _spin(node)
    except (ExternalShutdownException, KeyboardInterrupt):
        status = 0
    except (ValueError, RuntimeError, OSError) as error:
        # What users can mend. Anything else is a defect and deserves its traceback.
        status = 1 if rclpy.ok() else 0
        if status:
            (node.get_logger() if node else get_logger(_name(make))).fatal(str(error))
    finally:
        watchdog.shutdown()
        _close(node, watchdog, status)
    return status


def _spin(node) -> int:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    finished = getattr(node, "finished", None)
    if finished is None:
        executor.spin()
        return 0
    # Not spin_until_future_complete: it hangs another callback on the future at every turn, 300 bytes for each image.
    finished.add_done_callback(lambda _: executor.create_task(_wake))
    while rclpy.ok() and not finished.done():
        executor.spin_once()
    if finished.done():
        finished.result()
        deadline = time.monotonic() + _LAST_MESSAGES_S
        while rclpy.ok() and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.05)
    return 0


def _wake():
    """Work that has the executor look up."""


def _close(node, watchdog, status):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C at a terminal comes twice, from the kernel and from ros2 launch
    getattr(node, "close", lambda: None)()
    watchdog.work_done(status)
    if node is not None:
        node.destroy_node()  # Fast DDS was seen to hang in the deletion of a publisher
    rclpy.try_shutdown()
    gc.freeze()  # Python's last collection, over torch's 170,000 objects, takes half a second and frees nothing of use


def _name(make) -> str:
    return getattr(make, "__name__", "node")
