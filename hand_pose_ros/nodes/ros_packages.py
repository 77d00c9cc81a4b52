"""The one module that chooses between ROS packages and what replaces them where ROS comes from pip.

- ``rgb_from_message``: an 8-bit sensor_msgs/Image to RGB (H, W, 3), by cv_bridge or rosbags-image.
- ``quaternion_from_matrix``: by tf_transformations, or transforms3d, which tf_transformations wraps.
- ``TransformBroadcaster``: tf2_ros, or a publisher of tf2_msgs/TFMessage on /tf with its queue of 100, which is all
  that the broadcaster is (tf2_ros is not on PyPI; tf2_msgs is built in the workspace).

A package is taken if it does a small job right, not if it can be imported. cv_bridge built for NumPy 1 imports under
NumPy 2, and its first call ends the process (ros-perception/vision_opencv#535): its complaint at the import is heeded.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from rclpy.logging import get_logger


def _cv_bridge():
    from cv_bridge import CvBridge

    convert = CvBridge().imgmsg_to_cv2
    return lambda message: convert(message, "rgb8")


def _rosbags_image():
    from rosbags.image import message_to_cvimage

    return lambda message: message_to_cvimage(message, "rgb8")


def _tf_transformations():
    from tf_transformations import quaternion_from_matrix

    def from_rotation(rotation):
        homogeneous = np.eye(4)
        homogeneous[:3, :3] = rotation
        return quaternion_from_matrix(homogeneous)

    return from_rotation


def _transforms3d():
    from transforms3d.quaternions import mat2quat

    def from_rotation(rotation):
        w, x, y, z = mat2quat(rotation)
        return x, y, z, w

    return from_rotation


def _choose(makers: dict[str, Callable], trial, expected) -> tuple[str, Callable]:
    """Name and function of the first package whose function turns ``trial`` into ``expected``.

    ``makers`` import a package (the key, as on PyPI) and return its function. A package that is there but does not
    work is named in a warning; ImportError where none works.
    """
    reasons = []
    for package, make in makers.items():
        try:
            function = _imported(make)
            np.testing.assert_allclose(function(trial), expected, atol=1e-9)
            return package, function
        except Exception as error:  # broken binaries raise anything
            reasons.append(f"{package} ({' '.join(str(error).split())[:150]})")
            if not (isinstance(error, ModuleNotFoundError) and error.name == package):
                get_logger("hand_pose_ros").warning(f"not used, as it does not work here: {reasons[-1]}")
    raise ImportError(f"none of these works: {'; '.join(reasons)}. pip install --upgrade {package}")


def _imported(make: Callable) -> Callable:
    """What ``make`` returns; ImportError where NumPy printed why a binary cannot work and cv_bridge carried on."""
    with contextlib.redirect_stderr(io.StringIO()) as told:
        function = make()
    if "Traceback" in told.getvalue():
        raise ImportError(told.getvalue())
    return function


_BGR = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
_IMAGE = SimpleNamespace(height=2, width=2, encoding="bgr8", step=6, is_bigendian=0, data=_BGR)
_QUARTER_TURN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # about y

IMAGE_CONVERTER, rgb_from_message = _choose(
    {"cv_bridge": _cv_bridge, "rosbags-image": _rosbags_image}, _IMAGE, _BGR[..., ::-1]
)
QUATERNIONS, _xyzw = _choose(
    {"tf_transformations": _tf_transformations, "transforms3d": _transforms3d},
    _QUARTER_TURN,
    (0.0, 0.5**0.5, 0.0, 0.5**0.5),
)


def quaternion_from_matrix(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """Unit quaternion (x, y, z, w), w >= 0, of a rotation (3, 3)."""
    return _remembered(np.asarray(rotation, np.float64).tobytes())


# A hand's rotation goes into its message and its transform; tf_transformations takes 0.1 ms a call.
@lru_cache(maxsize=64)
def _remembered(rotation: bytes):
    return tuple(map(float, _xyzw(np.frombuffer(rotation).reshape(3, 3))))


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


__all__ = [
    "BROADCASTER",
    "IMAGE_CONVERTER",
    "QUATERNIONS",
    "TransformBroadcaster",
    "quaternion_from_matrix",
    "rgb_from_message",
]
