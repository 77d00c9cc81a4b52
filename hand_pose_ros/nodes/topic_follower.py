"""Subscribes to topics as they appear, with the QoS that their publishers offer, as ``ros2 bag record`` does."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

_LOOK_S = 0.2
_DEPTH = 100
# Humble's callbacks know the message only.
_KNOWS_PUBLISH_TIME = hasattr(Subscription, "CallbackType")


class TopicFollower:
    """Calls ``receive(topic, kind, message, published_ns)`` for every topic that ``wanted(topic, kind)`` says yes to.

    ``kind`` is ``package/msg/Name``. Messages come serialized (bytes) unless ``parsed(kind)``. ``published_ns`` is the
    time of publication by the wall clock, 0 where nobody tells. ``found(topic, kind, qos)`` is called first.
    """

    def __init__(self, node, wanted: Callable, parsed: Callable, found: Callable, receive: Callable):
        self._node, self._wanted, self._parsed, self._found, self._receive = node, wanted, parsed, found, receive
        self._subscriptions: dict[str, object] = {}
        self._timer = node.create_timer(_LOOK_S, self.look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def topics(self) -> list[str]:
        """The topics subscribed to."""
        return sorted(self._subscriptions)

    def look(self) -> None:
        """Subscribe to what is new and has a publisher."""
        for topic, kinds in self._node.get_topic_names_and_types():
            if topic not in self._subscriptions and self._wanted(topic, kinds[0]):
                publishers = self._node.get_publishers_info_by_topic(topic)
                if publishers:
                    self._subscribe(topic, kinds[0], matching_qos([each.qos_profile for each in publishers]))

    def stop(self) -> None:
        """Unsubscribe from everything."""
        self._node.destroy_timer(self._timer)
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def _subscribe(self, topic, kind, qos):
        self._found(topic, kind, qos)

        def receive(message, info):
            self._receive(topic, kind, message, int(info.get("source_timestamp") or 0))

        def receive_message(message):
            self._receive(topic, kind, message, 0)

        self._subscriptions[topic] = self._node.create_subscription(
            message_class(kind), topic, receive if _KNOWS_PUBLISH_TIME else receive_message, qos,
            raw=not self._parsed(kind),
        )  # fmt: skip


def matching_qos(offered: list[QoSProfile]) -> QoSProfile:
    """The strongest QoS that every publisher fulfils."""
    reliable = all(qos.reliability == ReliabilityPolicy.RELIABLE for qos in offered)
    latched = all(qos.durability == DurabilityPolicy.TRANSIENT_LOCAL for qos in offered)
    return QoSProfile(
        depth=_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def message_class(kind: str):
    """The class of ``package/msg/Name``."""
    package, folder, name = kind.split("/")
    return getattr(importlib.import_module(f"{package}.{folder}"), name)
