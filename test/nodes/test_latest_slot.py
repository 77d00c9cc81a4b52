"""The slot of the newest image and the worker that empties it."""

from __future__ import annotations

import threading
import time

import pytest

from hand_pose_ros.nodes.frame_worker import FrameWorker
from hand_pose_ros.nodes.latest_slot import LatestSlots


def test_only_the_newest_of_each_camera_is_taken_and_the_others_are_counted():
    slots = LatestSlots()
    for n in range(5):
        slots.put("a", n)
    slots.put("b", 7)
    assert slots.take() == {"a": 4, "b": 7}
    assert slots.dropped == {"a": 4}


def test_take_waits_without_turning():
    slots, taken = LatestSlots(), []
    thread = threading.Thread(target=lambda: taken.append(slots.take()))
    used = time.process_time()
    thread.start()
    time.sleep(0.2)
    assert not taken
    slots.put("a", 1)
    thread.join(2.0)
    assert taken == [{"a": 1}]
    assert time.process_time() - used < 0.1


def test_close_ends_a_waiting_take_and_every_later_one():
    slots, taken = LatestSlots(), []
    thread = threading.Thread(target=lambda: taken.append(slots.take()))
    thread.start()
    slots.close()
    thread.join(2.0)
    slots.put("a", 1)
    assert taken == [None]
    assert slots.take() is None


def test_nothing_is_lost_or_doubled_under_fire():
    slots, seen = LatestSlots(), []

    def consume():
        while (items := slots.take()) is not None:
            seen.extend(items.values())

    thread = threading.Thread(target=consume)
    thread.start()
    for n in range(20_000):
        slots.put("a", n)
    while slots._newest:
        time.sleep(0.001)
    slots.close()
    thread.join(5.0)
    assert seen == sorted(set(seen))
    assert seen[-1] == 19_999
    assert len(seen) + slots.dropped["a"] == 20_000


def test_a_worker_outlives_errors_and_stops_after_the_image_at_hand():
    done, errors = [], []

    def work(items):
        if items["a"] == "bad":
            raise RuntimeError("bad")
        time.sleep(0.1)
        done.append(items["a"])

    worker = FrameWorker(work, errors.append).start()
    for item in ("bad", "good"):
        worker.slots.put("a", item)
        while worker.slots._newest:
            time.sleep(0.001)
    assert worker.stop()
    assert [str(error) for error in errors] == ["bad"]
    assert done == ["good"]
    worker.slots.put("a", "late")
    assert worker.stop()
    assert done == ["good"]


def test_a_worker_that_hangs_is_reported(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr("hand_pose_ros.nodes.frame_worker._LONGEST_FRAME_S", 0.1)
    worker = FrameWorker(lambda items: release.wait(5.0), pytest.fail).start()
    worker.slots.put("a", 1)
    time.sleep(0.05)
    assert worker.stop() is False
    release.set()
    assert worker.stop() is True
