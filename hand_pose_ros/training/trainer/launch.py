"""Starts this command in several processes on one machine, with the environment variables that torchrun sets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

POLL_S = 0.2


def run_processes(count: int, arguments: Sequence[str], stopped: Callable[[], int]) -> int:
    """Run ``python -m hand_pose_ros`` with ``arguments`` ``count`` times; the first exit status that is not 0, or 0.

    ``stopped()``: a signal's number once one has come; the processes get it too. If one of them fails the others end.
    """
    cores = len(os.sched_getaffinity(0))
    common = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    common |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(cores // count, 1)))}
    # Their own group: a terminal's Ctrl-C reaches them once, through us.
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "hand_pose_ros", *arguments],
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            start_new_session=True,
        )
        for rank in range(count)
    ]
    told = 0
    while any(child.poll() is None for child in children):
        failed = [child.returncode for child in children if child.returncode]
        number = signal.SIGTERM if failed else stopped()
        if number and number != told:
            for child in children:
                child.send_signal(number)
            told = number
        time.sleep(POLL_S)
    return next((child.returncode for child in children if child.returncode), 0)


def free_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
