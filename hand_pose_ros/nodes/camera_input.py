"""One camera of the node: its subscriptions, its calibration, and its images as frames for the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from hand_pose_ros.mirroring import mirrored_camera, mirrored_image
from hand_pose_ros.nodes.camera_calibration import CameraCalibration
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.conversions import ImageError, rgb_from_compressed, rgb_from_image, seconds
from hand_pose_ros.nodes.counts import CameraCounts
from hand_pose_ros.nodes.freshness import Age, Order, age_of, order_of
from hand_pose_ros.nodes.node_settings import AUTO, COMPRESSED, RAW
from hand_pose_ros.pipeline import Frame


def sensor_qos() -> QoSProfile:
    """Sensor data, only the newest: what a slow receiver has missed it must not get later."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


@dataclass(frozen=True)
class CameraFrame:
    """An image on its way through the pipeline, with the header that its hands will carry."""

    frame: Frame
    header: object
    timed: bool
    """True if the stamp is of the node's clock, so that latency can be told."""


class CameraInput:
    """Receives one camera. ``name`` is "" for the node's only camera; ``put`` stores an image for the worker."""

    def __init__(self, node, name: str, mirrored: bool, put: Callable, complaints: Complaints):
        self.name, self.mirrored, self.counts = name, mirrored, CameraCounts()
        self._relative = f"{name}/image" if name else "image"
        self.topic = node.resolve_topic_name(self._relative)
        # image_transport's rule: below the topic that `image` was remapped to.
        self._compressed_topic = node.resolve_topic_name(f"{self.topic}/compressed")
        self._info_relative = f"{name}/camera_info" if name else "camera_info"
        self._info_topic = node.resolve_topic_name(self._info_relative)
        self._node, self._put, self._complaints = node, put, complaints
        self._calibration = CameraCalibration(complaints, self.label)
        self._info_subscription = self._image_subscription = None
        self._transport, self._last_stamp_s = RAW, None
        self.looped = False
        """Set when stamps began anew (a bag that loops): the tracks of this camera must be forgotten."""

    @property
    def label(self) -> str:
        """How messages call this camera."""
        return self.name or self.topic

    @property
    def subscribed(self) -> bool:
        """True while images are received."""
        return self._image_subscription is not None

    def open(self, transport: str) -> None:
        """Subscribe (again). In ``auto`` the raw topic is taken unless only the compressed one has a publisher."""
        if self.subscribed:
            return
        # Counters and calibration begin anew: what happened before a pause says nothing about now.
        self.counts, self._last_stamp_s, self.looped = CameraCounts(), None, True
        self._info_subscription = self._subscribe(CameraInfo, self._info_relative, self._receive_info)
        self._open_image(self.best_transport() if transport == AUTO else transport)

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in (self._image_subscription, self._info_subscription):
            if subscription is not None:
                self._node.destroy_subscription(subscription)
        self._image_subscription = self._info_subscription = None

    def follow_transport(self) -> None:
        """In ``auto``: change to the transport that has a publisher, if the present one has none."""
        best = self.best_transport()
        if self.subscribed and best != self._transport:
            self._node.destroy_subscription(self._image_subscription)
            self._open_image(best)

    def best_transport(self) -> str:
        """``compressed`` if only that has publishers; without any, the present one."""
        if self._node.count_publishers(self.topic):
            return RAW
        return COMPRESSED if self._node.count_publishers(self._compressed_topic) else self._transport

    def publishers(self) -> int:
        """Publishers of the subscribed topic."""
        return self._node.count_publishers(self._image_topic())

    def info_publishers(self) -> int:
        """Publishers of camera_info."""
        return self._node.count_publishers(self._info_topic)

    def _image_topic(self) -> str:
        return self._compressed_topic if self._transport == COMPRESSED else self.topic

    def _open_image(self, transport):
        self._transport = transport
        kind, topic = (CompressedImage, self._compressed_topic) if transport == COMPRESSED else (Image, self._relative)
        self._image_subscription = self._subscribe(kind, topic, self._receive)

    def _subscribe(self, kind, topic, callback):
        options = QoSOverridingOptions.with_default_policies()
        return self._node.create_subscription(kind, topic, callback, sensor_qos(), qos_overriding_options=options)

    def _receive_info(self, message):
        self.counts.infos += 1
        self._calibration.receive(message)

    def _receive(self, message):
        self.counts.received += 1
        self.counts.last_received_s = time.monotonic()
        self._put(self.name, message)

    def frame(self, message, now_s: float, max_age_s: float) -> CameraFrame | None:
        """The message as a frame for the pipeline; None, counted and logged, if it is unusable or too late."""
        stamp_s = seconds(message.header.stamp)
        age = age_of(stamp_s, now_s, max_age_s)
        if not self._in_time(stamp_s, now_s, age) or not self._in_order(stamp_s):
            return None
        try:
            image = (rgb_from_compressed if isinstance(message, CompressedImage) else rgb_from_image)(message)
        except ImageError as error:
            self._refuse(error, getattr(message, "encoding", ""))
            return None
        camera = self._calibration.for_image(image.shape[1], image.shape[0])
        self.counts.calibration = self._calibration.problem
        if self.mirrored:
            image, camera = mirrored_image(image), camera and mirrored_camera(camera)
        stamp_s = now_s if age is Age.UNSTAMPED else stamp_s
        return CameraFrame(Frame(image, stamp_s, camera, self.name), message.header, age is Age.FRESH)

    def _in_time(self, stamp_s, now_s, age) -> bool:
        if age is Age.STALE:
            self.counts.stale += 1
            self.counts.last_problem = f"image {now_s - stamp_s:.2f} s old when its turn came"
            text = f"{self.label}: {self.counts.last_problem}: dropped (max_age_s); network or machine is too slow"
            self._complaints.warn(text, self.name, age)
        elif age is Age.UNSTAMPED:
            text = f"{self.label}: images have no stamp; time of arrival is used for tracking, latency is unknown"
            self._complaints.warn(text, self.name, age)
        elif age is Age.OTHER_CLOCK:
            text = (
                f"{self.label}: image stamp {stamp_s:.3f} s and this node's clock {now_s:.3f} s are two clocks; "
                "images are used whatever their age. Playing a bag: ros2 bag play --clock and use_sim_time:=true"
            )
            self._complaints.warn(text, self.name, age)
        return age is not Age.STALE

    def _in_order(self, stamp_s) -> bool:
        order = order_of(stamp_s, self._last_stamp_s)
        if order is Order.OVERTAKEN:
            self.counts.overtaken += 1
            return False
        self.looped = self.looped or order is Order.LOOPED
        self._last_stamp_s = stamp_s
        return True

    def _refuse(self, error, encoding):
        self.counts.bad += 1
        self.counts.last_problem = str(error)
        self._complaints.error(f"{self.label}: image skipped: {error}", self.name, "image", encoding)
