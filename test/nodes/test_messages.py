"""Messages and services of the package cross real DDS unharmed, every field of them."""

from __future__ import annotations

import itertools
import math
import threading
import time

import numpy as np
import pytest

from hand_pose_ros.commands._ros_environment import free_domain

rclpy = pytest.importorskip("rclpy")
interfaces = pytest.importorskip("hand_pose_ros.msg")
services = pytest.importorskip("hand_pose_ros.srv")

from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from rosidl_parser.definition import AbstractNestedType, Array, BasicType, NamespacedType  # noqa: E402

PATIENCE_S = 20.0
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def filled(message_type, numbers=None):
    """A message all of whose fields differ from their defaults and from each other; sequences get two elements."""
    numbers = numbers or itertools.count(1)
    message = message_type()
    for field, kind in zip(message.get_fields_and_field_types(), message.SLOT_TYPES, strict=True):
        setattr(message, field, value_of(kind, getattr(message, field), numbers))
    return message


def value_of(kind, default, numbers):
    """A value for a field: ``kind`` is its type in rosidl's terms, ``default`` what the empty message holds."""
    if isinstance(kind, AbstractNestedType):
        count = kind.size if isinstance(kind, Array) else 2
        element = default[0] if len(default) else None
        return [value_of(kind.value_type, element, numbers) for _ in range(count)]
    if isinstance(kind, NamespacedType):
        return filled(getattr(__import__(".".join(kind.namespaces), fromlist=[kind.name]), kind.name), numbers)
    if not isinstance(kind, BasicType):
        return f"text {next(numbers)}"
    if kind.typename == "boolean":
        return True
    if kind.typename in ("float", "double"):
        return float(np.float32(next(numbers) + 0.1))
    return next(numbers) % 250 + 1


def untouched(message) -> list[str]:
    """Fields that still hold the default of an empty message."""
    empty = type(message)()
    names = message.get_fields_and_field_types()
    return [name for name in names if np.array_equal(getattr(message, name), getattr(empty, name))]


@pytest.fixture
def nodes():
    """Two nodes with a DDS participant each, in a domain of their own."""
    contexts, domain = [rclpy.Context(), rclpy.Context()], free_domain()
    for context in contexts:
        rclpy.init(context=context, domain_id=domain)
    made = [rclpy.create_node(f"messages_{i}", context=context) for i, context in enumerate(contexts)]
    yield made
    for node, context in zip(made, contexts, strict=True):
        node.destroy_node()
        rclpy.shutdown(context=context)


def spin_until(node, condition):
    """Let the node work until the condition holds."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
    executor.remove_node(node)
    executor.shutdown()
    assert condition(), f"nothing after {PATIENCE_S} s"


def received(nodes, message):
    """The message as another participant receives it, which joins after it was sent."""
    sender, receiver = nodes
    publisher = sender.create_publisher(type(message), "topic", LATCHED)
    publisher.publish(message)
    got = []
    receiver.create_subscription(type(message), "topic", got.append, LATCHED)
    spin_until(receiver, lambda: got)
    return got[0]


@pytest.mark.parametrize("name", ["HandPoseArray", "HandPose", "HandPoseInfo", "OrientedBox", "Pixel"])
def test_every_field_arrives_as_it_was_sent(nodes, name):
    message = filled(getattr(interfaces, name))
    assert untouched(message) == []
    assert received(nodes, message) == message


def test_a_changed_field_is_noticed(nodes):
    """The comparison above can fail."""
    message = filled(interfaces.HandPoseArray)
    got = received(nodes, message)
    message.hands[1].joint_stddev_along[20] += 1.0
    assert got != message


def test_an_empty_array_arrives(nodes):
    assert received(nodes, interfaces.HandPoseArray()).hands == []


def test_nan_metres_stay_nan(nodes):
    message = interfaces.HandPose(joint_stddev_along=[math.nan] * 21)
    message.joints[20].z = math.nan
    got = received(nodes, message)
    assert math.isnan(got.joints[20].z)
    assert np.isnan(got.joint_stddev_along).all()


def test_arrays_have_the_sizes_of_a_hand():
    hand = interfaces.HandPose()
    for field in ("keypoints", "keypoint_confidence", "joints", "joint_stddev_across", "normalized_joints"):
        assert len(getattr(hand, field)) == 21
    assert len(interfaces.HandPoseInfo().bones) == 40


@pytest.mark.parametrize("name", ["SetHandScale", "CalibrateHandScale"])
def test_services_carry_every_field(nodes, name):
    service = getattr(services, name)
    request, response, seen = filled(service.Request), filled(service.Response), []
    assert untouched(request) == untouched(response) == []
    server, caller = nodes

    def answer(got, _):
        seen.append(got)
        return response

    server.create_service(service, "service", answer)
    client = caller.create_client(service, "service")
    worker = threading.Thread(target=spin_until, args=(server, lambda: seen))
    worker.start()
    assert client.wait_for_service(PATIENCE_S)
    future = client.call_async(request)
    spin_until(caller, future.done)
    worker.join()
    assert seen == [request]
    assert future.result() == response


def test_constants_keep_their_numbers():
    hand = interfaces.HandPose
    assert (hand.HANDEDNESS_LEFT, hand.HANDEDNESS_RIGHT) == (1, 2)
    assert len({hand.STATUS_DETECTED, hand.STATUS_TRACKED, hand.STATUS_PREDICTED}) == 3
    sources = [hand.HAND_SCALE_NONE, hand.HAND_SCALE_PRIOR, hand.HAND_SCALE_USER, hand.HAND_SCALE_CALIBRATED]
    assert [*sources, hand.HAND_SCALE_DEPTH] == [0, 1, 2, 3, 4]
