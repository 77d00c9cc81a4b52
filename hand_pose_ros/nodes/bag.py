"""A rosbag2 folder in MCAP with its message definitions inside: ``ros2 bag``, Foxglove and ``rosbags`` read it."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

_METADATA_VERSION = 8  # 9 holds QoS profiles in a form that Humble and Iron cannot read


class BagError(RuntimeError):
    """A bag that cannot be written; the text says what to do."""


class Bag:
    """Writes serialized messages. ``folder`` must not exist."""

    def __init__(self, folder: Path):
        rosbag2 = _rosbags()
        self._typestore, self._connections, self.messages = Definitions(), {}, 0
        try:
            self._writer = rosbag2.Writer(folder, version=_METADATA_VERSION, storage_plugin=rosbag2.StoragePlugin.MCAP)
            self._writer.open()
        except (OSError, rosbag2.WriterError) as error:
            raise BagError(f"bag {folder} cannot be written: {error}") from error

    def add_topic(self, topic: str, kind: str, qos: QoSProfile) -> None:
        """Announce a topic of message type ``kind`` (``package/msg/Name``) with the QoS its publisher offers."""
        self._connections[topic] = self._writer.add_connection(
            topic, kind, typestore=self._typestore.of(kind), offered_qos_profiles=[_offered(qos)]
        )

    def write(self, topic: str, time_ns: int, data: bytes) -> None:
        """Append one serialized (CDR) message, received at ``time_ns``."""
        self._writer.write(self._connections[topic], time_ns, data)
        self.messages += 1

    def close(self) -> None:
        """Write the index and metadata.yaml; without them readers have to search the whole file."""
        self._writer.close()


class Definitions:
    """Message definitions as installed on this machine, so that the bag tells of the messages that were really sent."""

    def __init__(self):
        from rosbags.typesys import Stores, get_typestore

        self._store = get_typestore(Stores.EMPTY)

    def of(self, kind: str):
        """The type store, with ``kind`` and all that it contains registered."""
        self._register(kind)
        return self._store

    def _register(self, kind):
        from rosbags.typesys import get_types_from_msg

        if kind in self._store.fielddefs:
            return
        package, _, name = kind.split("/")
        text = (Path(get_package_share_directory(package)) / "msg" / f"{name}.msg").read_text(encoding="utf-8")
        types = get_types_from_msg(text, kind)
        for inner in _names(types):
            if inner not in types:
                self._register(inner)
        self._store.register(types)


def _names(types) -> list[str]:
    """Names of the messages that definitions contain (rosbags: (kind of node, (name or inner description, ...)))."""
    from rosbags.interfaces import Nodetype

    found = []
    for _, fields in types.values():
        for _, (node, argument) in fields:
            while node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
                node, argument = argument[0]
            if node == Nodetype.NAME:
                found.append(argument)
    return found


def _offered(qos: QoSProfile):
    """rclpy's profile as rosbags'; history and depth, which discovery does not tell, as a player should offer them."""
    from rosbags.interfaces import (
        Qos,
        QosDurability,
        QosHistory,
        QosLiveliness,
        QosReliability,
        QosTime,
    )

    reliable = qos.reliability == ReliabilityPolicy.RELIABLE
    latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    endless = QosTime(9223372036, 854775807)  # what rosbag2 writes for "no limit"
    return Qos(
        QosHistory.KEEP_LAST,
        qos.depth or (1 if latched else 10),
        QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        endless, endless, QosLiveliness.AUTOMATIC, endless,
        avoid_ros_namespace_conventions=False,
    )  # fmt: skip


def _rosbags():
    try:
        from rosbags import rosbag2
    except ImportError as error:
        raise BagError(
            "the package rosbags is missing: pip install rosbags, or set record_bag to false and use ros2 bag record"
        ) from error
    return rosbag2
