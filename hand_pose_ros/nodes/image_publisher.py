"""image, image/compressed and camera_info of one camera, all with the same header; each made only for who listens."""

from __future__ import annotations

import cv2
import numpy as np
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from hand_pose_ros.nodes.calibration import Calibration
from hand_pose_ros.nodes.compressed_images import compressed_message
from hand_pose_ros.nodes.images import image_message

# A reliable publisher serves reliable subscribers (RViz) and best-effort ones (sensor data) alike. Depth 2: one image
# on its way while the next is written.
IMAGE_QOS = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
CAMERA_INFO_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class ImagePublisher:
    """The three topics of ``node``."""

    def __init__(self, node, calibration: Calibration):
        self._calibration = calibration
        options = {"qos_overriding_options": QoSOverridingOptions.with_default_policies()}
        self._image = node.create_publisher(Image, "image", IMAGE_QOS, **options)
        self._compressed = node.create_publisher(CompressedImage, "image/compressed", IMAGE_QOS, **options)
        self._info = node.create_publisher(CameraInfo, "camera_info", CAMERA_INFO_QOS, **options)

    @property
    def subscribers(self) -> int:
        """Number of subscribers to the image, raw and compressed."""
        return self._image.get_subscription_count() + self._compressed.get_subscription_count()

    def publish(self, rgb: np.ndarray, header: Header, jpeg_quality: int) -> None:
        """Send one RGB image (H, W, 3) uint8 and its calibration."""
        height, width = rgb.shape[:2]
        # First, so that it has arrived when the image does.
        self._info.publish(self._calibration.message(header, width, height))
        if self._image.get_subscription_count():
            self._image.publish(image_message(rgb, header))
        if self._compressed.get_subscription_count():
            self._compressed.publish(compressed_message(rgb, header, quality=jpeg_quality))


def to_rgb(bgr: np.ndarray) -> np.ndarray:
    """OpenCV's order of channels to the one we publish."""
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
