"""``hand_pose_node``: images of one or several cameras in, hands in metres and TF out. A managed (lifecycle) node.

configure loads the networks and warms them up; activate subscribes; deactivate stops; cleanup frees the model and the
GPU. Subscriptions only store the newest image; a worker thread takes the newest of all cameras, runs one batch and
publishes.
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

from hand_pose_ros.mirroring import mirrored_hand
from hand_pose_ros.nodes import diagnostics, parameters
from hand_pose_ros.nodes.camera_input import CameraFrame, CameraInput
from hand_pose_ros.nodes.complaints import Complaints
from hand_pose_ros.nodes.counts import Durations
from hand_pose_ros.nodes.executable import run_node
from hand_pose_ros.nodes.frame_worker import FrameWorker
from hand_pose_ros.nodes.hand_output import HandOutput
from hand_pose_ros.nodes.hand_scale_services import HandScaleServices
from hand_pose_ros.nodes.node_settings import AUTO, NodeSettings
from hand_pose_ros.nodes.perception import free_memory, load_pipeline, warm_up
from hand_pose_ros.pipeline import PipelineSettings

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
_WATCH_S, _DIAGNOSTICS_S = 0.2, 1.0


class HandPoseNode(LifecycleNode):
    """The perception node. ``load`` makes the pipeline from the settings; tests put a quick one in its place."""

    def __init__(self, load=load_pipeline, **arguments):
        super().__init__("hand_pose_node", **arguments)
        self.finished = Future()
        self._load = load
        self._complaints = Complaints(self.get_logger())
        self._declare_parameters()
        self._pipeline = self._output = self._worker = None
        self._loaded: tuple = ()
        self._inputs: dict[str, CameraInput] = {}
        self._reports: dict[str, diagnostics.CameraReport] = {}
        self._enabled, self._reset_all, self._failures = True, False, 0
        self._inference = Durations()
        self._closing = threading.Lock()
        self._scales = HandScaleServices(self, self.settings.scales(), self._inputs.values, self._why_not_ready)
        self.create_service(SetBool, "~/enable", self._on_enable)
        self._start_timers()
        self._guard_transitions()

    # ---- parameters

    def _declare_parameters(self):
        self.settings = parameters.declare(self, NodeSettings())
        self.pipeline_settings = parameters.declare(self, PipelineSettings())
        self._names = parameters.names(self.settings) + parameters.names(self.pipeline_settings)
        for text in parameters.misspelt(self, self._names):
            self.get_logger().warning(text)
        self.add_on_set_parameters_callback(self._on_parameters)

    def _on_parameters(self, changed):
        active = self._worker is not None
        try:
            settings = parameters.updated(self.settings, changed, active=active)
            pipeline_settings = parameters.updated(self.pipeline_settings, changed, active=active)
        except parameters.ParameterRefusedError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if settings.scales() != self.settings.scales():
            self._scales.scales = settings.scales()
        # The worker reads both before each batch; a frozen dataclass is exchanged in one step.
        self.settings, self.pipeline_settings = settings, pipeline_settings
        return SetParametersResult(successful=True)

    # ---- lifecycle

    def on_configure(self, state):
        """Load the networks, warm them up, make the publishers. FAILURE, with a log that says why, changes nothing."""
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
        self._release()
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
        wanted = self._wanted()
        if self._pipeline is None or self._loaded[:5] != wanted[:5]:
            self._pipeline = None
            free_memory()
            started = time.perf_counter()
            pipeline = self._load(self.settings, self.pipeline_settings)
            warm_up(pipeline)
            self._pipeline = pipeline
            elapsed = time.perf_counter() - started
            self.get_logger().info(f"model {self.settings.model} on {self._device()}, loaded in {elapsed:.1f} s")
        if self._output is None or self._loaded[5:] != wanted[5:]:
            self._make_cameras(list(self.settings.cameras) or [""])
        self._loaded = wanted

    def _wanted(self) -> tuple:
        settings = self.settings
        model = settings.model, settings.models_dir, settings.device, settings.threads, settings.half
        return *model, settings.cameras, settings.mirrored, settings.mirrored_cameras

    def _make_cameras(self, names):
        if self._output is not None:
            self._output.destroy()
        self._output = HandOutput(self, names, self._complaints)
        self._inputs.clear()
        for name in names:
            mirrored = self.settings.is_mirrored(name)
            self._inputs[name] = CameraInput(self, name, mirrored, self._put, self._complaints)
        self._reports = {
            name: diagnostics.CameraReport(self.get_name(), name, camera.topic) for name, camera in self._inputs.items()
        }

    def _start(self, state):
        self._prepare()  # model or cameras may have been changed while inactive
        if super().on_activate(state) != SUCCESS:
            raise RuntimeError("a publisher could not be activated")
        self._pipeline.reset()
        self._failures, self._inference = 0, Durations()
        self._output.send_info(self.settings.model, self._device())
        self._worker = FrameWorker(self._work, self._on_failure).start()
        self._watch()

    def _stop(self):
        # Also called from the main thread's clean-up while an executor thread may still be in a transition.
        with self._closing:
            worker, self._worker = self._worker, None
            for camera in self._inputs.values():
                camera.close()
            if worker is not None and not worker.stop():
                self.get_logger().error("the networks did not finish their last image: the device hangs")

    def _release(self):
        if self._output is not None:
            self._output.destroy()
        self._output = self._pipeline = None
        self._loaded = ()
        self._inputs.clear()
        self._reports = {}
        free_memory()

    def _guard_transitions(self):
        """An impossible transition must answer "no": in rclpy (Humble, Jazzy) its exception ends the process."""
        service = getattr(self, "_service_change_state", None)
        if service is None:
            return
        change = service.callback

        def guarded(request, response):
            try:
                return change(request, response)
            except Exception as error:
                wanted = request.transition.label or request.transition.id
                self.get_logger().error(f"transition {wanted} refused: {error}")
                response.success = False
                return response

        service.callback = guarded

    # ---- images

    def _put(self, name, message):
        worker = self._worker
        if worker is not None:
            worker.slots.put(name, message)

    def _work(self, messages: dict):
        settings, now_s = self.settings, self._now_s()
        frames = [
            frame
            for name, message in messages.items()
            if (frame := self._inputs[name].frame(message, now_s, settings.max_age_s)) is not None
        ]
        if not frames:
            return
        self._prepare_pipeline(frames)
        started = time.perf_counter()
        results = self._pipeline.process([frame.frame for frame in frames])
        self._inference.add(time.perf_counter() - started)
        if self._worker is not None:
            self._publish(frames, results, settings)

    def _prepare_pipeline(self, frames):
        if self._reset_all:
            self._reset_all = False
            self._pipeline.reset()
        for frame in frames:
            camera = self._inputs[frame.frame.camera_id]
            if camera.looped:
                camera.looped = False
                self._pipeline.reset(camera.name)
        self._pipeline.settings, self._pipeline.scales = self.pipeline_settings, self._scales.scales

    def _publish(self, frames: list[CameraFrame], results, settings):
        sent = []
        for frame, hands in zip(frames, results, strict=True):
            camera = self._inputs[frame.frame.camera_id]
            self._measure(frame, hands)
            height, width = frame.frame.image.shape[:2]
            shown = [mirrored_hand(hand, width) for hand in hands] if camera.mirrored else hands
            calibrated = frame.frame.camera is not None
            self._output.send_hands(camera.name, frame.header, shown, (width, height), calibrated)
            self._count(camera, frame, hands)
            sent.append((camera.name, frame.header, hands))
        if settings.publish_tf:
            self._output.send_transforms(sent, settings)

    def _count(self, camera, frame, hands):
        camera.counts.processed += 1
        camera.counts.hands += len(hands)
        if frame.timed:
            camera.counts.latency.add(self._now_s() - frame.frame.stamp_s)
        if getattr(hands, "error", None):
            camera.counts.failed += 1
            camera.counts.last_problem = hands.error
            self._complaints.error(hands.error, camera.name, "pipeline")

    def _measure(self, frame, hands):
        measurement = self._scales.measurement
        if measurement is not None:
            measurement.add(frame.frame, hands)

    def _on_failure(self, error):
        if not self.context.ok():
            return  # Ctrl-C came while the image was worked on
        self._failures += 1
        self._reset_all = True
        self._complaints.error(f"an image could not be processed: {type(error).__name__}: {error}", type(error))

    # ---- services, timers

    def _on_enable(self, request, response):
        self._enabled = request.data
        self._watch()
        response.success = True
        response.message = "enabled" if request.data else "disabled: images are not received"
        if self._worker is None:
            response.message += "; the node is not active"
        return response

    def _why_not_ready(self) -> str:
        if self._worker is None:
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
        self._reset_all = True

    def _autostart(self):
        self._starter.cancel()
        if self.trigger_configure() != SUCCESS or self.trigger_activate() != SUCCESS:
            # Nobody is there to try again: whoever started us must learn of it.
            self.finished.set_exception(RuntimeError("hand_pose_node could not start; the error above says why"))

    def _watch(self):
        """Subscribe to and unsubscribe from cameras as enable, lazy and the transports ask for."""
        if self._worker is None:
            return
        for name, camera in self._inputs.items():
            wanted = self._enabled and (not self.settings.lazy or self._output.has_listeners(name))
            if wanted and not camera.subscribed:
                camera.open(self.settings.image_transport)
            elif camera.subscribed and not wanted:
                camera.close()
            elif wanted and self.settings.image_transport == AUTO:
                camera.follow_transport()

    def _on_diagnostics(self):
        state = self._state_machine.current_state[1]
        name, settings = self.get_name(), self.settings
        statuses = [
            diagnostics.network_status(name, state, settings.model, self._device(), self._inference, self._failures)
        ]
        worker = self._worker
        if worker is not None:
            statuses += [
                self._reports[key].status(
                    camera.counts, worker.slots.dropped[key], camera.publishers(), camera.subscribed
                )
                for key, camera in self._inputs.items()
            ]
        self._diagnostics.publish(diagnostics.array(self.get_clock().now().to_msg(), statuses))

    def _device(self) -> str:
        model = getattr(getattr(self._pipeline, "estimator", None), "model", None)
        return getattr(model, "device", self.settings.device)

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9


def main(args=None) -> int:
    """Run the node until Ctrl-C."""
    return run_node(HandPoseNode, args)


if __name__ == "__main__":
    sys.exit(main())
