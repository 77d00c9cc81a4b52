"""Services that set the metric hand scale: from a length that somebody measured, or from the frames that follow."""

from __future__ import annotations

import math

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from sensor_msgs.msg import Image

from hand_pose_ros.hand import LEFT, RIGHT, HandScale
from hand_pose_ros.hand_scale import POPULATION_PRIOR, HandScales, scale_from_hand_length, scale_from_palm_length
from hand_pose_ros.nodes.camera_input import sensor_qos
from hand_pose_ros.nodes.conversions import ImageError, depth_from_image, seconds
from hand_pose_ros.nodes.scale_measurement import ScaleMeasurement
from hand_pose_ros.srv import CalibrateHandScale, SetHandScale

_SIDES = {
    SetHandScale.Request.SIDE_BOTH: None,
    SetHandScale.Request.SIDE_LEFT: LEFT,
    SetHandScale.Request.SIDE_RIGHT: RIGHT,
}
_DEFAULT_STDDEV_M = 0.003  # of a wrist-to-middle-MCP length that somebody measured: both ends lie below the skin
_MOST_FRAMES, _LONGEST_S = 300, 120.0
_CHECK_S = 0.05


def requested_scale(request) -> HandScale:
    """The scale that a SetHandScale request asks for; ValueError says what is wrong with it."""
    # float32 on the wire: 0.09 arrives as 0.09000000357.
    length, stddev, kind = round(request.length_m, 6), round(request.stddev_m, 6), type(request)
    if request.method == kind.METHOD_PRIOR:
        return POPULATION_PRIOR
    if not (math.isfinite(stddev) and stddev >= 0.0):
        raise ValueError(f"stddev_m is {stddev}: give metres, or 0 for the method's own")
    if request.method == kind.METHOD_WRIST_TO_MIDDLE_MCP:
        return HandScale(length, stddev or _DEFAULT_STDDEV_M, "user")
    if request.method == kind.METHOD_PALM_LENGTH:
        return scale_from_palm_length(length, stddev or None)
    if request.method == kind.METHOD_HAND_LENGTH:
        return scale_from_hand_length(length, stddev or None)
    raise ValueError(f"method {request.method}: give 0 (wrist to middle MCP), 1 (palm), 2 (hand length) or 3 (prior)")


def requested_side(side: int) -> str | None:
    """``left``, ``right`` or None for both; ValueError for other numbers."""
    if side not in _SIDES:
        raise ValueError(f"side {side}: give 0 (both), 1 (left) or 2 (right)")
    return _SIDES[side]


def requested_measurement(request) -> ScaleMeasurement:
    """The measurement that a CalibrateHandScale request asks for; ValueError says what is wrong with it."""
    kind, distance = type(request), round(request.distance_m, 6)
    if request.method not in (kind.METHOD_KNOWN_DISTANCE, kind.METHOD_DEPTH_IMAGE):
        raise ValueError(f"method {request.method}: give 0 (known distance) or 1 (depth image)")
    known = request.method == kind.METHOD_KNOWN_DISTANCE
    if known and not 0.1 <= distance <= 3.0:
        raise ValueError(f"distance_m is {distance}: give 0.1 to 3 metres from the camera to the wrist")
    if request.frames > _MOST_FRAMES:
        raise ValueError(f"frames is {request.frames}: give 1 to {_MOST_FRAMES}, or 0 for 30")
    if not 0.0 <= request.timeout_s <= _LONGEST_S:
        raise ValueError(f"timeout_s is {request.timeout_s}: give up to {_LONGEST_S:g} seconds, or 0 for 10")
    return ScaleMeasurement(distance if known else None, request.frames or 30, request.timeout_s or 10.0)


class HandScaleServices:
    """``~/set_hand_scale`` and ``~/calibrate_hand_scale``.

    ``in_force`` holds the scales that apply; ``measurement`` is fed by the worker while a calibration runs. ``ready``
    says why none can run now, "" if one can.
    """

    def __init__(self, node, scales: HandScales, cameras, ready):
        self.in_force, self.measurement = scales, None
        self._node, self._cameras, self._ready = node, cameras, ready
        node.create_service(SetHandScale, "~/set_hand_scale", self._set)
        # A waiting coroutine occupies its callback group: in the node's own one it would stop the node.
        group = ReentrantCallbackGroup()
        node.create_service(CalibrateHandScale, "~/calibrate_hand_scale", self._calibrate, callback_group=group)

    def measure(self, frame, hands) -> None:
        """Have a running calibration use a processed frame (worker thread)."""
        measurement = self.measurement
        if measurement is not None:
            measurement.add(frame, hands)

    def _set(self, request, response):
        try:
            side = requested_side(request.side)
            self.in_force = self.in_force.with_scale(requested_scale(request), side)
            response.success = True
            response.message = self._announce(side)
        except ValueError as error:
            side, response.message = None, str(error)
        self._report(response, side)
        return response

    def _announce(self, side) -> str:
        scale = self.in_force.of(side or LEFT)
        text = f"{side or 'both'} hands: {scale.mean_m * 1e3:.1f} mm +- {scale.stddev_m * 1e3:.1f} mm ({scale.source})"
        self._node.get_logger().info(f"hand scale of {text}")
        return text

    def _report(self, response, side):
        scale = self.in_force.of(side or LEFT)
        response.hand_scale, response.hand_scale_stddev = scale.mean_m, scale.stddev_m

    async def _calibrate(self, request, response):
        # A coroutine: the executor goes on serving images while this one waits for the worker.
        side = None
        try:
            side = requested_side(request.side)
            measurement = await self._measured(request)
            response.frames_used = len(measurement.scales)
            self.in_force = self.in_force.with_scale(measurement.result(), side)
            response.success, response.message = True, self._announce(side)
        except ValueError as error:
            response.message = str(error)
        self._report(response, side)
        return response

    async def _measured(self, request) -> ScaleMeasurement:
        measurement, subscriptions = self._begin(request), []
        try:
            subscriptions = self._watch_depth(measurement)
            await self._until_over(measurement)
        finally:
            self.measurement = None
            for subscription in subscriptions:
                self._node.destroy_subscription(subscription)
        return measurement

    def _begin(self, request) -> ScaleMeasurement:
        problem = "a calibration is running already: wait for its end" if self.measurement else self._ready()
        if problem:
            raise ValueError(problem)
        self.measurement = requested_measurement(request)
        return self.measurement

    def _until_over(self, measurement) -> Future:
        future = Future()

        def check():
            if measurement.over or self._ready():
                timer.cancel()
                self._node.destroy_timer(timer)
                future.set_result(None)

        timer = self._node.create_timer(_CHECK_S, check, clock=Clock(clock_type=ClockType.STEADY_TIME))
        return future

    def _watch_depth(self, measurement) -> list:
        if measurement.distance_m is not None:
            return []
        return [self._depth_subscription(measurement, camera) for camera in self._cameras()]

    def _depth_subscription(self, measurement, camera):
        def receive(message):
            try:
                depth = depth_from_image(message)
            except ImageError as error:
                measurement.problem = str(error)
                return
            depth = depth[:, ::-1] if camera.mirrored else depth
            measurement.depth[camera.name] = seconds(message.header.stamp), depth

        topic = f"{camera.name}/depth" if camera.name else "depth"
        return self._node.create_subscription(Image, topic, receive, sensor_qos())
