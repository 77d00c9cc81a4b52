"""The newest CameraInfo of one camera as a camera model, worked out once and again only when it changes."""

from __future__ import annotations

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.nodes.camera_info import camera_from_info, fit_to_image, info_key
from hand_pose_ros.nodes.complaints import Complaints


class CameraCalibration:
    """Keeps a camera's last CameraInfo. ``problem`` says why there are no metres, "" while there are."""

    def __init__(self, complaints: Complaints, label: str):
        self._complaints, self._label = complaints, label
        self._message = self._key = self._camera = None
        self.problem = "no camera_info yet"

    def receive(self, message) -> None:
        """Subscription callback: keep the message (one assignment; the worker reads it)."""
        self._message = message

    def for_image(self, width: int, height: int) -> CameraModel | None:
        """The camera of images of this size; None, and a throttled error, if there is no usable calibration."""
        message = self._message
        if message is None:
            text = f"{self._label}: no camera_info yet: hands in pixels only, no metres"
            self._complaints.warn(text, self._label, "no info")
            return None
        key = (*info_key(message), width, height)
        if key != self._key:
            self._key, (self._camera, self.problem) = key, self._read(message, width, height)
        if self.problem:
            text = f"{self._label}: hands in pixels only, no metres: {self.problem}"
            self._complaints.error(text, self._label, self.problem)
        return self._camera

    def _read(self, message, width, height):
        try:
            camera, warning = fit_to_image(camera_from_info(message), width, height)
        except ValueError as error:
            return None, str(error)
        if warning:
            self._complaints.warn(f"{self._label}: {warning}", self._label, "size")
        return camera, ""
