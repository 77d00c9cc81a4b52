"""What the perception node sends: hands per camera, their transforms, and what the messages mean (latched)."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from hand_pose_ros.msg import HandPoseArray, HandPoseInfo
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.conversions import hand_array_message, info_message
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.nodes.ros_packages import TransformBroadcaster
from hand_pose_ros.nodes.transforms import hand_transforms, hands_for_tf, unusable
from hand_pose_ros.version import VERSION

_HANDS_QOS = {"depth": 10, "reliability": ReliabilityPolicy.RELIABLE}
_INFO_QOS = {"depth": 1, "reliability": ReliabilityPolicy.RELIABLE, "durability": DurabilityPolicy.TRANSIENT_LOCAL}


class HandOutput:
    """The publishers of a configured node; they send while it is active. ``cameras`` are names, "" for the only one."""

    def __init__(self, node, cameras: list[str], complaints: Complaints):
        self._node, self._complaints = node, complaints
        self._hands = {name: self._publisher(f"{name}/hands" if name else "hands") for name in cameras}
        self._info = node.create_lifecycle_publisher(HandPoseInfo, "hand_pose_info", QoSProfile(**_INFO_QOS))
        self._broadcaster = TransformBroadcaster(node)

    def _publisher(self, topic):
        options = QoSOverridingOptions.with_default_policies()
        profile = QoSProfile(**_HANDS_QOS)
        return self._node.create_lifecycle_publisher(HandPoseArray, topic, profile, qos_overriding_options=options)

    def send_info(self, model: str, device: str) -> None:
        """Latch what the messages mean."""
        header = HandPoseInfo().header
        header.stamp = self._node.get_clock().now().to_msg()
        self._info.publish(info_message(header, model, device, VERSION))

    def send_hands(self, camera: str, header, hands, size: tuple[int, int], calibrated: bool) -> None:
        """One message for one image of ``size`` (width, height); ``header`` is the image's."""
        self._hands[camera].publish(hand_array_message(hands, header, *size, calibrated))

    def send_transforms(self, results: list, settings: NodeSettings) -> None:
        """All transforms of one batch in one message; ``results`` holds (camera, header, hands)."""
        transforms = [each for result in results for each in self._transforms(*result, settings)]
        if transforms:
            self._broadcaster.sendTransform(transforms)

    def _transforms(self, camera, header, hands, settings) -> list:
        hands = hands_for_tf(hands)
        problem = unusable(header) if hands else ""
        if problem:
            self._complaints.error(f"{camera or 'camera'}: {problem}", camera, problem)
            return []
        prefix = f"{settings.tf_prefix}{camera.strip('/')}/" if camera else settings.tf_prefix
        return [each for hand in hands for each in hand_transforms(hand, header, prefix, settings.publish_joint_frames)]

    def has_listeners(self, camera: str) -> bool:
        """True if someone subscribes to this camera's hands."""
        return self._hands[camera].get_subscription_count() > 0

    def destroy(self) -> None:
        """Take all publishers away."""
        for publisher in (*self._hands.values(), self._info):
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._broadcaster.pub_tf)
