"""Diagnostics of the perception node: one status for the networks, one per camera, once a second."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.counts import CameraCounts, Durations, Rate
from hand_pose_ros.nodes.lost_images import LostImages

SILENCE_S = 2.0
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class CameraReport:
    """Turns one camera's counts into a status; keeps the counts of the last report to tell rates."""

    def __init__(self, node_name: str, camera: str, topic: str, complaints: Complaints):
        self._name, self._topic = f"{node_name}: camera {camera or topic}", topic
        self._received, self._processed = Rate(), Rate()
        self._problems, self._lost_images, self._complaints = 0, LostImages(topic), complaints

    def status(
        self, counts: CameraCounts, dropped: int, publishers: int, info_publishers: int, wanted: bool
    ) -> DiagnosticStatus:
        """``dropped``: images overtaken by newer ones; ``wanted``: False while disabled or lazily unsubscribed."""
        received_hz, processed_hz = self._received.update(counts.received), self._processed.update(counts.processed)
        problems = counts.bad + counts.failed + counts.stale
        lost = self._lost_images.update(counts.received, counts.infos, publishers, info_publishers)
        if lost:
            self._complaints.warn(lost, self._topic, "lost")
        level, message = self._judge(counts, publishers, wanted, problems - self._problems, lost)
        self._problems = problems
        p50, p95 = counts.latency.percentiles_ms()
        values = {
            "topic": self._topic, "publishers": publishers, "received": counts.received,
            "received_hz": f"{received_hz:.1f}", "camera_infos": counts.infos,
            "processed": counts.processed, "processed_hz": f"{processed_hz:.1f}",
            "dropped": dropped, "stale": counts.stale, "overtaken": counts.overtaken, "bad_images": counts.bad,
            "failed": counts.failed, "hands": counts.hands, "latency_p50_ms": f"{p50:.1f}",
            "latency_p95_ms": f"{p95:.1f}", "calibration": counts.calibration, "last_problem": counts.last_problem,
        }  # fmt: skip
        return _status(level, self._name, message, self._topic, values)

    def _judge(self, counts, publishers, wanted, new_problems, lost):
        if not wanted:
            return OK, "not subscribed (disabled, or lazy and nobody listens)"
        if lost:
            return WARN, lost
        silence = counts.silence_s()
        if silence > SILENCE_S and counts.last_received_s is not None:
            return ERROR, f"no image for {silence:.0f} s on {self._topic} ({publishers} publishers)"
        if silence > SILENCE_S:
            return WARN, f"no image yet on {self._topic} ({publishers} publishers)"
        if new_problems > 0:
            return WARN, counts.last_problem
        if counts.last_received_s is None:
            return OK, "waiting for the first image"
        if counts.calibration:
            return WARN, f"2D only: {counts.calibration}"
        return OK, "running"


def network_status(node_name: str, state: str, model: str, device: str, perception) -> DiagnosticStatus:
    """The networks' status: lifecycle state, model, device and, while active, p50/p95 of the time per batch."""
    p50, p95 = (perception.inference if perception else Durations()).percentiles_ms()
    values = {
        "state": state, "model": model, "device": device, "inference_p50_ms": f"{p50:.1f}",
        "inference_p95_ms": f"{p95:.1f}", "failures": perception.failures if perception else 0,
    }  # fmt: skip
    return _status(OK, f"{node_name}: hand pose", state, device, values)


def array(stamp, statuses) -> DiagnosticArray:
    """The message of one report."""
    message = DiagnosticArray(status=statuses)
    message.header.stamp = stamp
    return message


def _status(level, name, message, hardware, values) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=level, name=name, message=message, hardware_id=hardware, values=pairs)
