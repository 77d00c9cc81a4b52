"""The one module that chooses between ROS packages and what replaces them where ROS comes from pip.

- ``TransformBroadcaster``: tf2_ros where it is installed; otherwise a publisher of tf2_msgs/TFMessage on /tf with its
  queue of 100, which is all that the broadcaster is (tf2_ros is not on PyPI; tf2_msgs is built in the workspace).
- cv_bridge is not needed: see ``images.py``. Quaternions come from ``kinematics.py``, so neither is tf_transformations.
"""

from __future__ import annotations

try:
    from tf2_ros import TransformBroadcaster

    BROADCASTER = "tf2_ros"
except ImportError:
    from tf2_msgs.msg import TFMessage

    BROADCASTER = "tf2_msgs"

    class TransformBroadcaster:
        """Sends transforms on /tf, with tf2_ros's name and call."""

        def __init__(self, node, qos=100):
            self.pub_tf = node.create_publisher(TFMessage, "/tf", qos)

        def sendTransform(self, transforms):  # noqa: N802 (tf2_ros's name)
            """Publish a list of geometry_msgs/TransformStamped in one message."""
            self.pub_tf.publish(TFMessage(transforms=transforms))


__all__ = ["BROADCASTER", "TransformBroadcaster"]
