"""recorder_node: the results of a run as a bag (MCAP), an annotated video, and numbers (``summary.json``).

Records what appears in its namespace of ``hands``, ``hand_pose_info`` and ``camera_info``, also /tf, /tf_static,
/diagnostics and ``extra_topics``; ``overlay`` goes into the video. All files are finished when a signal ends the node.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.serialization import deserialize_message

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.msg import HandPose, HandPoseArray, HandPoseInfo
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.conversions import ImageError, rgb_from_image, seconds
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.node_with_settings import SettingsNode
from hand_pose_ros.nodes.recording import Recording, folder_of_now
from hand_pose_ros.nodes.run_statistics import RunStatistics
from hand_pose_ros.nodes.topic_follower import TopicFollower
from hand_pose_ros.settings import setting

HANDS, INFO = "hand_pose_ros/msg/HandPoseArray", "hand_pose_ros/msg/HandPoseInfo"
CAMERA_INFO, IMAGE = "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/Image"
DIAGNOSTICS, TF = "diagnostic_msgs/msg/DiagnosticArray", "tf2_msgs/msg/TFMessage"
STATUS = "recorder_node: run"
_SIDES = {HandPose.HANDEDNESS_LEFT: LEFT, HandPose.HANDEDNESS_RIGHT: RIGHT}
_REPORT_S = 0.5
_LONGEST_FINISHING_S = 60.0  # of bag and video, on a slow disk


@dataclass(frozen=True)
class RecorderSettings:
    """Parameters of recorder_node."""

    output: str = setting("", "Folder to write to; empty: output/<date>-<time>.", runtime=False)
    record_bag: bool = setting(True, "Write the results into a bag.", runtime=False)
    record_video: bool = setting(True, "Write the overlay image into a video.", runtime=False)
    video_codec: str = setting(
        "mp4v", "Codec of the video: mp4v everywhere; avc1 (H.264) where OpenCV's FFmpeg can encode it.",
        choices=("mp4v", "avc1"), runtime=False,
    )  # fmt: skip
    print_progress: bool = setting(False, "Print the numbers of the run as JSON lines, twice a second.", runtime=False)
    extra_topics: tuple[str, ...] = setting((), "Full names of further topics; images become videos.", runtime=False)


class RecorderNode(SettingsNode):
    """Follows the topics of its namespace into one ``Recording``."""

    def __init__(self, **options):
        super().__init__("recorder_node", RecorderSettings(), **options)
        folder = Path(self.settings.output).expanduser() if self.settings.output else folder_of_now()
        self._recording = Recording(folder, self.settings.record_bag, self.settings.video_codec)
        self._statistics, self._announced = RunStatistics(), {}
        self._complaints, self._closed = Complaints(self.get_logger()), False
        self._simulated = self.get_parameter("use_sim_time").value
        self._camera_info = self.resolve_topic_name("camera_info")
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._follower = TopicFollower(self, self._wanted, lambda kind: kind == IMAGE, self._found, self._receive)
        self.create_timer(_REPORT_S, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"recording into {folder.resolve()}")

    def _wanted(self, topic: str, kind: str) -> bool:
        if topic in self.settings.extra_topics:
            return True
        if kind in (TF, DIAGNOSTICS):
            return topic in ("/tf", "/tf_static", "/diagnostics")
        if kind == IMAGE:
            return self.settings.record_video and topic.endswith("/overlay") and self._is_mine(topic)
        if kind == CAMERA_INFO:
            return topic == self._camera_info or (topic.endswith("/camera_info") and self._is_mine(topic))
        return kind in (HANDS, INFO) and self._is_mine(topic)

    def _is_mine(self, topic) -> bool:
        return topic.startswith(self.get_namespace().rstrip("/") + "/")

    def _found(self, topic, kind, qos):
        if kind != IMAGE:
            self._recording.add_topic(topic, kind, qos)

    def _receive(self, topic, kind, message, published_ns):
        now_ns = self.get_clock().now().nanoseconds
        if kind == IMAGE:
            self._film(topic, message)
            return
        self._recording.write(topic, now_ns, message)
        if self._recording.error:
            self._complaints.error(self._recording.error)
        if kind == HANDS:
            self._count(deserialize_message(message, HandPoseArray), (published_ns or now_ns) * 1e-9)
        elif kind == INFO:
            info = deserialize_message(message, HandPoseInfo)
            self._statistics.model, self._statistics.device = info.model, info.device
        elif kind == CAMERA_INFO:
            self._statistics.camera_frames += 1
        elif kind == DIAGNOSTICS:
            self._listen(deserialize_message(message, DiagnosticArray))

    def _film(self, topic, message):
        try:
            self._recording.picture(topic, rgb_from_image(message), seconds(message.header.stamp))
        except ImageError as error:
            self._complaints.error(str(error))

    def _count(self, message: HandPoseArray, published_s: float):
        hands = [(hand.id, _SIDES.get(hand.handedness, "unknown")) for hand in message.hands]
        # Stamps of a simulated clock say nothing about wall time.
        latency_s = None if self._simulated else published_s - seconds(message.header.stamp)
        self._statistics.add(hands, message.calibrated, latency_s, published_s)

    def _listen(self, message: DiagnosticArray):
        """How many frames each camera_node says it has sent, and how many its source holds."""
        for status in message.status:
            if status.name.endswith(": source"):
                values = {pair.key: int(pair.value) for pair in status.values if pair.value.isdecimal()}
                self._announced[status.name, status.hardware_id] = values
        for name, key in (("announced_frames", "frames"), ("expected_frames", "source_frames")):
            setattr(self._statistics, name, sum(values.get(key, 0) for values in self._announced.values()))

    def _report(self):
        self._print_progress()
        status = DiagnosticStatus(level=DiagnosticStatus.OK, name=STATUS, message=self._recording.error or "recording")
        status.values = [KeyValue(key=key, value=str(value)) for key, value in self._statistics.progress().items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _print_progress(self):
        if not self.settings.print_progress:
            return
        try:
            print(json.dumps(self._statistics.progress()), flush=True)
        except OSError:  # whoever read it is gone; the recording goes on
            sys.stdout = None
            self.settings = replace(self.settings, print_progress=False)

    def close(self):
        """Finish all files; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._follower.stop()
            left = self._recording.close()
            self._recording.save({**self._statistics.summary(), **left})

    def destroy_node(self):
        """Finish all files, then end the node."""
        self.close()
        super().destroy_node()


def main(args=None) -> int:
    """Run the node until a signal comes; return the exit status."""
    return run_node(RecorderNode, args, patience_s=_LONGEST_FINISHING_S)


if __name__ == "__main__":
    sys.exit(main())
