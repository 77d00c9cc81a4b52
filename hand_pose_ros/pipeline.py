"""The video front door: frames of one or several cameras in, followed and smoothed hands out.

>>> pipeline = HandPosePipeline(load_model("mediapipe_full"))                         # doctest: +SKIP
>>> [hands] = pipeline.process([Frame(image, stamp_s=0.0, camera=camera)])            # doctest: +SKIP
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.filters import FilterSettings, HandFilter
from hand_pose_ros.hand import PREDICTED, HandPose
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.input_checks import check_camera, check_image
from hand_pose_ros.metric_hand import placed
from hand_pose_ros.tracking import HandTracker, TrackingSettings


@dataclass(frozen=True)
class Frame:
    """One image of one camera. ``image`` (H, W, 3) uint8 RGB; ``stamp_s`` in seconds; no ``camera``, no metres."""

    image: np.ndarray
    stamp_s: float
    camera: CameraModel | None = None
    camera_id: str = ""


@dataclass(frozen=True)
class PipelineSettings:
    """The settings of every component."""

    estimator: EstimatorSettings = field(default=EstimatorSettings())
    tracking: TrackingSettings = field(default=TrackingSettings())
    filter: FilterSettings = field(default=FilterSettings())


class Hands(list):
    """The hands of one frame, by id. ``error`` says what was wrong with the frame; None if nothing was."""

    error: str | None = None


class _Camera:
    """What is remembered of one camera between its frames."""

    def __init__(self, tracker: HandTracker):
        self.tracker, self.filters, self.shown = tracker, {}, {}


class HandPosePipeline:
    """Detection, pose, tracking, smoothing and placement for any number of cameras, all hands in one batch.

    ``settings`` and ``scales`` may be assigned between frames. Not thread-safe: one thread calls it.
    """

    def __init__(self, model, settings: PipelineSettings | None = None, scales: HandScales | None = None):
        self.estimator = HandEstimator(model)
        self.settings, self.scales = settings or PipelineSettings(), scales or HandScales()
        self._cameras: dict[str, _Camera] = {}
        self._numbers = itertools.count(1)

    def process(self, frames: list[Frame]) -> list[Hands]:
        """The hands of each frame. Frames are of different cameras; each camera's come in the order of their stamps.

        A bad frame (image, stamp, camera) gives an empty result, or one without metres, whose ``error`` names the
        camera and the reason; the other frames are served. ValueError only if one camera has two frames in one call.
        """
        self._check_cameras(frames)
        self.estimator.settings = self.settings.estimator
        results = [Hands() for _ in frames]
        jobs = [
            job for frame, result in zip(frames, results, strict=True) if (job := self._open(frame, result)) is not None
        ]
        self._detect([job for job in jobs if job.memory.tracker.wants_detection()])
        self._observe(jobs)
        self._look_again([job for job in jobs if job.memory.tracker.wants_another_look(job.hands)])
        # The lifter needs the side, so it comes after the vote on it.
        tracked = [job.memory.tracker.finish(job.searches, job.hands) for job in jobs]
        cameras = [job.camera for job in jobs]
        for job, hands in zip(jobs, self.estimator.lift(tracked, cameras), strict=True):
            job.result.extend(self._finish(job, hands))
        return results

    def reset(self, camera_id: str | None = None) -> None:
        """Forget what was followed, by one camera or by all; ids go on counting."""
        for name in [camera_id] if camera_id is not None else list(self._cameras):
            self._cameras.pop(name, None)

    def _check_cameras(self, frames) -> None:
        names = [frame.camera_id for frame in frames]
        if len(set(names)) < len(names):
            raise ValueError(f"frames of cameras {names}: give one frame per camera in a call")

    def _open(self, frame: Frame, result: Hands) -> _Job | None:
        """Check a frame and start it in its tracker; None and an error in ``result`` if it is unusable."""
        camera = frame.camera
        try:
            check_image(frame.image)
            if not (isinstance(frame.stamp_s, (int, float)) and np.isfinite(frame.stamp_s)):
                raise ValueError(f"stamp is {frame.stamp_s!r}: give finite seconds")
        except ValueError as error:
            result.error = f"camera '{frame.camera_id}': {error}"
            return None
        try:
            check_camera(camera, frame.image)
        except ValueError as error:
            result.error, camera = f"camera '{frame.camera_id}': {error}", None
        memory = self._memory(frame.camera_id)
        height, width = frame.image.shape[:2]
        searches = memory.tracker.begin(float(frame.stamp_s), (width, height))
        return _Job(frame, camera, self.estimator.load(frame.image), memory, searches, result)

    def _memory(self, camera_id: str) -> _Camera:
        if camera_id not in self._cameras:
            self._cameras[camera_id] = _Camera(HandTracker(self._numbers, self.estimator.pose_crop))
        tracker = self._cameras[camera_id].tracker
        tracker.settings, tracker.max_hands = self.settings.tracking, self.settings.estimator.max_hands
        return self._cameras[camera_id]

    def _detect(self, jobs: list[_Job]) -> None:
        """Add the places where new hands may be to what is searched."""
        found = self.estimator.detect([job.image for job in jobs])
        for job, detections in zip(jobs, found, strict=True):
            job.searches = job.memory.tracker.admit(job.searches, detections)

    def _observe(self, jobs: list[_Job]) -> None:
        """Run the pose network, in one batch, on all searches that have no result yet."""
        searches = [job.searches[len(job.hands) :] for job in jobs]
        boxes, sides = ([[getattr(one, name) for one in some] for some in searches] for name in ("box", "side"))
        found = self.estimator.observe([job.image for job in jobs], boxes, [job.camera for job in jobs], sides)
        for job, hands in zip(jobs, found, strict=True):
            job.hands += hands

    def _look_again(self, jobs: list[_Job]) -> None:
        """Let the localiser find, still in this frame, hands that were not in their crops."""
        for job in jobs:
            found = [(search, hand) for search, hand in zip(job.searches, job.hands, strict=True) if hand is not None]
            job.searches, job.hands = [search for search, _ in found], [hand for _, hand in found]
        self._detect(jobs)
        self._observe(jobs)

    def _finish(self, job: _Job, hands: list[HandPose]) -> list[HandPose]:
        """Place and smooth the hands of one frame; held ones are repeated as they were last shown."""
        memory = job.memory
        shown = {
            hand.id: replace(memory.shown[hand.id], status=PREDICTED) for hand in hands if hand.status == PREDICTED
        }
        seen = [hand for hand in hands if hand.status != PREDICTED]
        # A hand that was lost starts with a new filter: its last pose is no measure of its speed.
        known = memory.filters if self.settings.filter.enabled else {}
        memory.filters = {hand.id: known.get(hand.id) or HandFilter() for hand in seen}
        shown |= {hand.id: self._smoothed(job, hand, memory.filters[hand.id]) for hand in seen}
        memory.shown = shown
        return [shown[hand.id] for hand in hands]

    def _smoothed(self, job: _Job, hand: HandPose, smoother: HandFilter) -> HandPose:
        settings, hand = self.settings.filter, placed(hand, job.camera, self.scales)
        return smoother(hand, job.frame.stamp_s, settings) if settings.enabled else hand


@dataclass
class _Job:
    """One frame on its way through ``process``."""

    frame: Frame
    camera: CameraModel | None
    image: object
    memory: _Camera
    searches: list
    result: Hands
    hands: list = field(default_factory=list)
    """What was found in ``searches``: a pose or None each."""
