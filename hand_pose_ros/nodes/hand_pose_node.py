"""``hand_pose_node``: images of one or several cameras in, hands in metres and TF out. A managed (lifecycle) node.

configure loads the networks and warms them up; activate subscribes; deactivate stops; cleanup frees the model and the
GPU. Subscriptions only store the newest image; a worker thread takes the newest of all cameras, runs one batch and
publishes (``perception.py``).
"""

from __future__ import annotations

import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.task import Future
from std_srvs.srv import SetBool

from hand_pose_ros.nodes import diagnostics, parameters
from hand_pose_ros.nodes.cameras import Cameras
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.hand_scale_services import HandScaleServices
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.nodes.perception import Perception
from hand_pose_ros.nodes.pipeline_loading import device_of, free_memory, load_pipeline, warm_up
from hand_pose_ros.nodes.transition_guard import refuse_impossible_transitions
from hand_pose_ros.pipeline import PipelineSettings

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
_WATCH_S, _DIAGNOSTICS_S = 0.2, 1.0


class HandPoseNode(LifecycleNode):
    """The perception node. ``load`` makes the pipeline from the settings; tests put a quick one in its place."""

    def __init__(self, load=load_pipeline, **arguments):
        super().__init__("hand_pose_node", **arguments)
        self.finished = Future()
        self._load, self._complaints = load, Complaints(self.get_logger())
        self.loading = False  # for seconds; run_node lets Ctrl-C interrupt it
        self._pipeline = self._cameras = self._perception = self._loaded = None
        self._enabled, self._closing = True, threading.Lock()
        self._declare_parameters()
        self.scales = HandScaleServices(self, self.settings.scales(), lambda: self._cameras or (), self._why_not_ready)
        self.create_service(SetBool, "~/enable", self._on_enable)
        self._start_timers()
        refuse_impossible_transitions(self)

    def now_s(self) -> float:
        """The node's clock (wall or simulated) in seconds."""
        return self.get_clock().now().nanoseconds * 1e-9

    # Parameters

    def _declare_parameters(self):
        self.settings = parameters.declare(self, NodeSettings())
        self.pipeline_settings = parameters.declare(self, PipelineSettings())
        known = parameters.names(self.settings) + parameters.names(self.pipeline_settings)
        for text in parameters.misspelt(self, known):
            self.get_logger().warning(text)
        self.add_on_set_parameters_callback(self._on_parameters)

    def _on_parameters(self, changed):
        active = self._perception is not None
        try:
            settings = parameters.updated(self.settings, changed, active=active)
            pipeline_settings = parameters.updated(self.pipeline_settings, changed, active=active)
        except parameters.ParameterRefusedError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if settings.scales() != self.settings.scales():
            self.scales.in_force = settings.scales()
        # The worker reads both before each batch; a frozen dataclass is exchanged in one step.
        self.settings, self.pipeline_settings = settings, pipeline_settings
        return SetParametersResult(successful=True)

    # Lifecycle

    def on_configure(self, state):
        """Load the networks, warm them up, make the publishers. FAILURE leaves but a log with the reason."""
        return self._attempt("configure", self._prepare, self._release)

    def on_activate(self, state):
        """Subscribe and start working."""
        return self._attempt("activate", lambda: self._start(state), self._stop)

    def on_deactivate(self, state):
        """Unsubscribe, finish the image at hand, publish nothing more."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state):
        """Free the model."""
        self.close()
        return SUCCESS

    def on_shutdown(self, state):
        """Stop and free everything, from any state."""
        self.close()
        return SUCCESS

    def on_error(self, state):
        """Whatever went wrong, end unconfigured and ready for another try."""
        self.close()
        return SUCCESS

    def close(self) -> None:
        """Stop the worker and free the model; safe to call at any moment, more than once."""
        self._stop()
        self._release()

    def destroy_node(self):
        """Stop and free everything, then the node itself."""
        self.close()
        super().destroy_node()

    def _attempt(self, name, action, undo):
        try:
            action()
        except Exception as error:
            self.get_logger().error(f"{name} failed: {type(error).__name__}: {error}")
            undo()
            return FAILURE
        return SUCCESS

    def _prepare(self):
        """Load what the settings ask for, as far as it is not there already."""
        model, cameras = self.settings.of_model(), self.settings.of_cameras()
        loaded_model, loaded_cameras = self._loaded or (None, None)
        if model != loaded_model:
            # Dropped first: two models need not fit on one device. A failure must not look like the old model.
            self._pipeline, self._loaded = None, (None, loaded_cameras)
            free_memory()
            self._pipeline = self._timed_load()
        if cameras != loaded_cameras:
            if self._cameras is not None:
                self._cameras.destroy()
            self._cameras = Cameras(self, self.settings, self._put, self._complaints)
        self._loaded = model, cameras

    def _timed_load(self):
        started, self.loading = time.perf_counter(), True
        try:
            pipeline = self._load(self.settings, self.pipeline_settings)
            warm_up(pipeline)
        finally:
            self.loading = False
        elapsed = time.perf_counter() - started
        self.get_logger().info(f"model {self.settings.model} on {device_of(pipeline)}, loaded in {elapsed:.1f} s")
        return pipeline

    def _start(self, state):
        self._prepare()  # model or cameras may have been changed while inactive
        if super().on_activate(state) != SUCCESS:
            raise RuntimeError("a publisher could not be activated")
        self._cameras.output.send_info(self.settings.model, device_of(self._pipeline))
        self._perception = Perception(self, self._pipeline, self._cameras, self._complaints)
        self._watch()

    def _stop(self):
        # Also called from the main thread's clean-up while an executor thread may still be in a transition.
        with self._closing:
            if self._cameras is not None:
                self._cameras.unsubscribe()
            if self._perception is not None and not self._perception.stop():
                self.get_logger().error("the networks did not finish their last image: the device hangs")
            self._perception = None

    def _release(self):
        if self._cameras is not None:
            self._cameras.destroy()
        self._cameras = self._pipeline = self._loaded = None
        free_memory()

    # Images, services, timers

    def _put(self, name, message):
        perception = self._perception
        if perception is not None:
            perception.slots.put(name, message)

    def _on_enable(self, request, response):
        self._enabled = request.data
        self._watch()
        response.success = True
        response.message = "enabled" if request.data else "disabled: images are not received"
        if self._perception is None:
            response.message += "; the node is not active"
        return response

    def _why_not_ready(self) -> str:
        if self._perception is None:
            return "the node is not active: activate it first"
        return "" if self._enabled else "the node is disabled: call ~/enable with true first"

    def _start_timers(self):
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # a paused simulation must not silence diagnostics
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(_DIAGNOSTICS_S, self._on_diagnostics, clock=steady)
        self.create_timer(_WATCH_S, self._watch, clock=steady)
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1))
        self._jumps = self.get_clock().create_jump_callback(threshold, post_callback=self._on_clock_jump)
        if self.settings.autostart:
            self._starter = self.create_timer(0.001, self._autostart, clock=steady)

    def _on_clock_jump(self, jump):
        if self._perception is not None:
            self._perception.forget = True

    def _autostart(self):
        self._starter.cancel()
        if self.trigger_configure() != SUCCESS or self.trigger_activate() != SUCCESS:
            # Nobody is there to try again: the process ends, and whoever started it learns of it.
            self.finished.set_exception(RuntimeError("hand_pose_node could not start; the error above says why"))

    def _watch(self):
        if self._perception is not None:
            self._cameras.subscribe_as_wanted(self._enabled, self.settings)

    def _on_diagnostics(self):
        state, perception = self._state_machine.current_state[1], self._perception
        about = self.get_name(), state, self.settings.model, device_of(self._pipeline)
        statuses = [diagnostics.network_status(*about, perception)]
        if perception is not None:
            statuses += self._cameras.statuses(perception.slots.dropped)
        self._diagnostics.publish(diagnostics.array(self.get_clock().now().to_msg(), statuses))


def main(args=None) -> int:
    """Run the node until Ctrl-C."""
    return run_node(HandPoseNode, args)


if __name__ == "__main__":
    sys.exit(main())
