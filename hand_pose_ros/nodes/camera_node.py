"""camera_node: a video file, a folder of images or a webcam as a ROS camera, for machines without a driver.

Publishes ``image`` (rgb8), ``image/compressed`` (JPEG, made only while somebody listens) and ``camera_info``, all with
the same header, ``end_of_stream`` (latched) and ``/diagnostics``. The stamp is the time of capture as far as the system
tells it (V4L2), else the moment at which the picture is released.
"""

from __future__ import annotations

import sys
import threading
import time

import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Bool, Header

from hand_pose_ros.msg import HandPoseArray
from hand_pose_ros.nodes.calibration import UNCALIBRATED, Calibration
from hand_pose_ros.nodes.camera_settings import CameraSettings
from hand_pose_ros.nodes.camera_worker import CameraWorker
from hand_pose_ros.nodes.counts import Rate
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.image_publisher import ImagePublisher
from hand_pose_ros.nodes.node_with_settings import SettingsNode
from hand_pose_ros.nodes.pacing import SimulatedClock

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_REMIND_S, _LONGEST_ANSWER_S = 10.0, 3.0


class CameraNode(SettingsNode):
    """Sends one source. ``finished`` is done at its end: with None, or with the exception that ended it."""

    _worker: CameraWorker | None = None

    def __init__(self, **options):
        super().__init__("camera_node", CameraSettings(), **options)
        self._calibration = Calibration(self.settings.camera_info_url, self.settings.fov)
        if not self._calibration.known:
            self.get_logger().warning(UNCALIBRATED)
        self.finished, self._rate = Future(), Rate()
        self._images = ImagePublisher(self, self._calibration)
        self._end = self.create_publisher(Bool, "end_of_stream", _LATCHED)
        self._end.publish(Bool(data=False))
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._answered = threading.Event()
        if self.settings.wait_for_hands:
            self.create_subscription(HandPoseArray, "hands", lambda data: self._answered.set(), 10, raw=True)
        self._worker = CameraWorker(lambda: self.settings, self._ready, self._send, self._ended, self.get_logger())
        self._clock_topic, self._simulated = self._simulation()
        self.create_timer(1.0, self._report)
        self._worker.start()

    def _simulation(self):
        if not self.settings.publish_clock:
            return None, None
        return self.create_publisher(Clock, "/clock", 10), SimulatedClock(self._worker.source.rate)

    def _ready(self, stopped) -> bool:
        """Wait for the subscribers and the delay; False if ``stopped`` was set meanwhile."""
        wanted, reminded = self.settings.wait_for_subscribers, time.monotonic()
        while self._images.subscribers < wanted and not stopped.wait(0.05):
            if time.monotonic() - reminded > _REMIND_S:
                reminded = time.monotonic()
                self.get_logger().warning(f"waiting: {self._images.subscribers} of {wanted} subscribers to the image")
        return not stopped.wait(self.settings.start_delay)

    def _send(self, rgb, age_s: float):
        header = Header(stamp=self._stamp(age_s), frame_id=self.settings.frame_id)
        self._answered.clear()
        if self._clock_topic:
            self._clock_topic.publish(Clock(clock=header.stamp))
        self._images.publish(rgb, header, self.settings.jpeg_quality)
        if self.settings.wait_for_hands:
            self._answered.wait(_LONGEST_ANSWER_S)

    def _stamp(self, age_s: float) -> Time:
        if self._simulated:
            nanoseconds = self._simulated.tick()
            return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
        return (self.get_clock().now() - Duration(nanoseconds=round(age_s * 1e9))).to_msg()

    def _ended(self, error: Exception | None):
        if error is None and not self._worker.stopped:
            self.get_logger().info(f"end of {self.settings.source}: {self._worker.frames} images sent")
        if rclpy.ok(context=self.context):
            self._report()
            self._end.publish(Bool(data=True))
        if error is not None:
            self.finished.set_exception(error)
        elif self.settings.exit_at_end:
            self.finished.set_result(None)

    def _report(self):
        worker = self._worker
        rate = self._rate.update(worker.frames)
        values = {
            "frames": worker.frames, "rate_hz": f"{rate:.1f}", "source_rate_hz": f"{worker.source.rate:g}",
            "source_frames": 0 if self.settings.loop else worker.source.length, "subscribers": self._images.subscribers,
            "calibrated": self._calibration.known,
        }  # fmt: skip
        level, text = DiagnosticStatus.OK, "running"
        if worker.trouble:
            level, text = DiagnosticStatus.ERROR, worker.trouble
        elif not self._calibration.known:
            level, text = DiagnosticStatus.WARN, UNCALIBRATED
        status = DiagnosticStatus(level=level, name=f"{self.get_name()}: source", message=text)
        status.hardware_id = self.settings.source
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def destroy_node(self):
        """Stop the thread first: it publishes. rclpy since Kilted also ends nodes whose constructor failed."""
        if self._worker is not None:
            self._worker.stop()
        super().destroy_node()


def main(args=None) -> int:
    """Run the node until the source ends or a signal comes; return the exit status."""
    return run_node(CameraNode, args)


if __name__ == "__main__":
    sys.exit(main())
