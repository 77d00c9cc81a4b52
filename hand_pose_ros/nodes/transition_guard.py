"""Impossible lifecycle transitions are answered with "no".

rclpy (Humble, Jazzy) raises inside its change_state service when a transition is unknown or impossible in the present
state (``activate`` while unconfigured), and that exception ends the executor and with it the process.
"""

from __future__ import annotations


def refuse_impossible_transitions(node) -> None:
    """Have the change_state service of a lifecycle node answer ``success: false`` where rclpy would raise."""
    service = getattr(node, "_service_change_state", None)
    if service is None:
        return
    change = service.callback

    def guarded(request, response):
        try:
            return change(request, response)
        except Exception as error:
            wanted = request.transition.label or request.transition.id
            node.get_logger().error(f"transition {wanted} refused: {error}")
            response.success = False
            return response

    service.callback = guarded
