"""A node whose parameters are the fields of one settings dataclass."""

from __future__ import annotations

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node

from hand_pose_ros.nodes import parameters


class SettingsNode(Node):
    """Declares ``settings``, keeps them up to date in ``self.settings``, and refuses what is not allowed."""

    def __init__(self, name: str, settings, **options):
        super().__init__(name, **options)
        self.settings = parameters.declare(self, settings)
        for text in parameters.misspelt(self, parameters.names(self.settings)):
            self.get_logger().warning(text)
        self.add_on_set_parameters_callback(self._on_parameters)

    def _on_parameters(self, changes) -> SetParametersResult:
        try:
            self.settings = parameters.updated(self.settings, changes, active=True)
        except parameters.ParameterRefusedError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
