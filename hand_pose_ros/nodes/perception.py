"""What the worker thread does: newest images of all cameras in, one batch through the pipeline, hands and TF out."""

from __future__ import annotations

import time

from hand_pose_ros.mirroring import mirrored_hand
from hand_pose_ros.nodes.camera_input import CameraFrame
from hand_pose_ros.nodes.cameras import Cameras
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.counts import Durations
from hand_pose_ros.nodes.frame_worker import FrameWorker


class Perception:
    """An active node's work. ``node`` gives settings, hand scales and clock; all may change between images."""

    def __init__(self, node, pipeline, cameras: Cameras, complaints: Complaints):
        self._node, self._pipeline, self._cameras, self._complaints = node, pipeline, cameras, complaints
        self.inference, self.failures = Durations(), 0
        self.forget = True
        """Set to have all tracks forgotten before the next image."""
        self._stopped = False
        self._worker = FrameWorker(self._work, self._failed).start()
        self.slots = self._worker.slots

    def stop(self) -> bool:
        """Publish nothing more and end the thread; False if it hangs."""
        self._stopped = True
        return self._worker.stop()

    def _work(self, messages: dict):
        now_s, max_age_s = self._node.now_s(), self._node.settings.max_age_s
        read = (self._cameras[name].frame(message, now_s, max_age_s) for name, message in messages.items())
        frames = [frame for frame in read if frame is not None]
        if not frames:
            return
        self._bring_up_to_date(frames)
        started = time.perf_counter()
        results = self._pipeline.process([frame.frame for frame in frames])
        self.inference.add(time.perf_counter() - started)
        if not self._stopped:
            self._publish(frames, results)

    def _bring_up_to_date(self, frames: list[CameraFrame]):
        self._pipeline.settings, self._pipeline.scales = self._node.pipeline_settings, self._node.scales.in_force
        if self.forget:
            self.forget = False
            self._pipeline.reset()
        for camera in (self._cameras[frame.frame.camera_id] for frame in frames):
            if camera.looped:
                camera.looped = False
                self._pipeline.reset(camera.name)

    def _publish(self, frames: list[CameraFrame], results):
        settings, output = self._node.settings, self._cameras.output
        for frame, hands in zip(frames, results, strict=True):
            camera = self._cameras[frame.frame.camera_id]
            self._node.scales.measure(frame.frame, hands)
            height, width = frame.frame.image.shape[:2]
            shown = [mirrored_hand(hand, width) for hand in hands] if camera.mirrored else hands
            calibrated = frame.frame.camera is not None
            output.send_hands(camera.name, frame.header, shown, (width, height), calibrated)
            self._count(camera, frame, hands)
        if settings.publish_tf:
            sent = [(frame.frame.camera_id, frame.header, hands) for frame, hands in zip(frames, results, strict=True)]
            output.send_transforms(sent, settings)

    def _count(self, camera, frame, hands):
        camera.counts.processed += 1
        camera.counts.hands += len(hands)
        if frame.timed:
            camera.counts.latency.add(self._node.now_s() - frame.frame.stamp_s)
        if getattr(hands, "error", None):
            camera.counts.failed += 1
            camera.counts.last_problem = hands.error
            self._complaints.error(hands.error, camera.name, "pipeline")

    def _failed(self, error: Exception):
        if self._stopped or not self._node.context.ok():
            return  # Ctrl-C came while the image was worked on
        self.failures += 1
        self.forget = True
        self._complaints.error(f"an image could not be processed: {type(error).__name__}: {error}", type(error))
