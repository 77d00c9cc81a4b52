"""The cameras of a configured node: their inputs, the publishers of their hands, their reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hand_pose_ros.nodes.camera_input import CameraInput
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.diagnostics import CameraReport
from hand_pose_ros.nodes.hand_output import HandOutput
from hand_pose_ros.nodes.node_settings import AUTO, NodeSettings


class Cameras:
    """Cameras by name, "" for a node's only one. ``put`` stores an image for the worker."""

    def __init__(self, node, settings: NodeSettings, put: Callable, complaints: Complaints):
        names = list(settings.cameras) or [""]
        self.output = HandOutput(node, names, complaints)
        self._inputs = {name: CameraInput(node, name, settings.is_mirrored(name), put, complaints) for name in names}
        self._reports = {
            name: CameraReport(node.get_name(), name, camera.topic, complaints) for name, camera in self._inputs.items()
        }

    def __getitem__(self, name: str) -> CameraInput:
        return self._inputs[name]

    def __iter__(self):
        return iter(self._inputs.values())

    def subscribe_as_wanted(self, enabled: bool, settings: NodeSettings) -> None:
        """Subscribe to and unsubscribe from each camera as ``enabled``, lazy and the transport ask for."""
        for camera in self:
            wanted = enabled and (not settings.lazy or self.output.has_listeners(camera.name))
            if wanted and not camera.subscribed:
                camera.open(settings.image_transport)
            elif camera.subscribed and not wanted:
                camera.close()
            elif wanted and settings.image_transport == AUTO:
                camera.follow_transport()

    def unsubscribe(self) -> None:
        """Receive no more images."""
        for camera in self:
            camera.close()

    def statuses(self, dropped: Counter) -> list:
        """Diagnostics of each camera; ``dropped`` counts images overtaken by newer ones."""
        return [
            self._reports[camera.name].status(
                camera.counts, dropped[camera.name], camera.publishers(), camera.info_publishers(), camera.subscribed
            )
            for camera in self
        ]

    def destroy(self) -> None:
        """Take subscriptions and publishers away."""
        self.unsubscribe()
        self.output.destroy()
