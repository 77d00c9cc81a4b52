"""visualization_node: ``hands`` as RViz ``markers``, and drawn over their ``image`` as ``overlay``.

Lazy: it receives images only while somebody looks at the overlay, and hands only while somebody looks at either.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from hand_pose_ros.msg import HandPoseArray
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.conversions import (
    ImageError,
    hand_from_message,
    image_message,
    rgb_from_compressed,
    rgb_from_image,
)
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.markers import HandMarkers
from hand_pose_ros.nodes.node_with_settings import SettingsNode
from hand_pose_ros.nodes.stamp_pairs import StampPairs
from hand_pose_ros.overlay import draw_hands
from hand_pose_ros.settings import setting

_WATCH_S = 0.2
_BEST_EFFORT = ReliabilityPolicy.BEST_EFFORT
_KEPT_IMAGES = 10  # the perception answers within a few frames


@dataclass(frozen=True)
class VisualizationSettings:
    """Parameters of visualization_node."""

    marker_lifetime: float = setting(
        0.5, "Markers vanish this many seconds after the last message, should the perception stop; 0: never.",
        minimum=0.0, maximum=60.0,
    )  # fmt: skip
    image_transport: str = setting(
        "raw", "raw: image; compressed: image/compressed.", choices=("raw", "compressed"), runtime=False
    )


class VisualizationNode(SettingsNode):
    """Subscribes when somebody looks, pairs by stamp, draws, publishes."""

    def __init__(self, **options):
        super().__init__("visualization_node", VisualizationSettings(), **options)
        self._complaints = Complaints(self.get_logger())
        self._pairs, self._hand_markers, self._frame_rate = StampPairs(_KEPT_IMAGES), HandMarkers(), FrameRate()
        self._markers = self.create_publisher(MarkerArray, "markers", 10)
        qos = {"qos_overriding_options": QoSOverridingOptions.with_default_policies()}
        # Reliable serves RViz (reliable by default) and sensor-data subscribers alike.
        self._overlay = self.create_publisher(Image, "overlay", QoSProfile(depth=2), **qos)
        self._hands_subscription = self._image_subscription = None
        self.create_timer(_WATCH_S, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _watch(self):
        """Subscribe to what is looked at, unsubscribe from what is not."""
        overlay, markers = self._overlay.get_subscription_count() > 0, self._markers.get_subscription_count() > 0
        if (overlay or markers) and self._hands_subscription is None:
            qos = QoSProfile(depth=10, reliability=_BEST_EFFORT)
            self._hands_subscription = self.create_subscription(HandPoseArray, "hands", self._on_hands, qos)
        elif not (overlay or markers) and self._hands_subscription is not None:
            self.destroy_subscription(self._hands_subscription)
            self._hands_subscription = None
        if overlay and self._image_subscription is None and self._hears_hands():
            # After the hands: whoever waits for a subscriber to the image may rely on all being ready to draw.
            self._image_subscription = self._subscribe_image()
        elif not overlay and self._image_subscription is not None:
            self.destroy_subscription(self._image_subscription)
            self._image_subscription = None
            self._pairs.clear()

    def _hears_hands(self) -> bool:
        matched = getattr(self._hands_subscription, "get_publisher_count", None)  # not in Humble
        return (matched() if matched else self.count_publishers("hands")) > 0

    def _subscribe_image(self):
        compressed = self.settings.image_transport == "compressed"
        image = self.resolve_topic_name("image")
        kind, topic = (CompressedImage, f"{image}/compressed") if compressed else (Image, image)
        qos = QoSProfile(depth=5, reliability=_BEST_EFFORT)
        options = QoSOverridingOptions.with_default_policies()
        return self.create_subscription(kind, topic, self._on_image, qos, qos_overriding_options=options)

    def _on_hands(self, message: HandPoseArray):
        self._frame_rate.tick()
        if self._markers.get_subscription_count():
            markers = self._hand_markers.update(message, self.settings.marker_lifetime)
            if markers.markers:
                self._markers.publish(markers)
        if self._image_subscription is not None:
            self._draw(self._pairs.hands(message))

    def _on_image(self, message):
        self._draw(self._pairs.image(message))

    def _draw(self, pair):
        if pair is None or not self._overlay.get_subscription_count():
            return
        image, hands = pair
        try:
            rgb = rgb_from_compressed(image) if isinstance(image, CompressedImage) else rgb_from_image(image)
        except ImageError as error:
            self._complaints.error(str(error))
            return
        drawn = draw_hands(rgb, [hand_from_message(hand) for hand in hands.hands], self._text(hands))
        self._overlay.publish(image_message(drawn, image.header))

    def _text(self, hands: HandPoseArray) -> str:
        return f"{self._frame_rate.hertz():.0f} fps{'' if hands.calibrated else ', not calibrated: 2D only'}"


class FrameRate:
    """Messages per second over the last second or so."""

    def __init__(self, kept: int = 30):
        self._times: deque[float] = deque(maxlen=kept)

    def tick(self) -> None:
        """Count one message."""
        self._times.append(time.monotonic())

    def hertz(self) -> float:
        """The rate, 0 before the second message."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)


def main(args=None) -> int:
    """Run the node until a signal comes; return the exit status."""
    return run_node(VisualizationNode, args)


if __name__ == "__main__":
    sys.exit(main())
