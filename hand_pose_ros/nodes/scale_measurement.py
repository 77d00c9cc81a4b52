"""Measuring the hand scale over the frames that follow: what the calibration service collects on the worker thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from hand_pose_ros.hand import PREDICTED, HandScale
from hand_pose_ros.hand_scale import combine, scale_at_distance, scale_from_depth
from hand_pose_ros.metric_hand import pixels_of

_DEPTH_DELAY_S = 0.05  # a depth image that is further from the colour image shows the hand elsewhere


@dataclass
class ScaleMeasurement:
    """Collects ``wanted`` frames with exactly one hand, all of one camera; ``distance_m`` None: by depth image."""

    distance_m: float | None
    wanted: int
    timeout_s: float
    camera_id: str | None = None
    scales: list[HandScale] = field(default_factory=list)
    problem: str = "no image came"
    depth: dict = field(default_factory=dict)
    """Newest (stamp_s, depth (H, W) in metres) by camera."""
    finished: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._deadline_s = time.monotonic() + self.timeout_s

    @property
    def over(self) -> bool:
        """True when enough frames were used or the time is up."""
        return self.finished.is_set() or time.monotonic() > self._deadline_s

    def add(self, frame, hands) -> None:
        """Use one processed frame, if it shows one hand of the camera being used."""
        if self.over or self.camera_id not in (None, frame.camera_id):
            return
        try:
            self.scales.append(self._measure(frame, hands))
        except ValueError as error:
            self.problem = str(error)
            return
        self.camera_id = frame.camera_id
        if len(self.scales) >= self.wanted:
            self.finished.set()

    def _measure(self, frame, hands) -> HandScale:
        seen = [hand for hand in hands if hand.status != PREDICTED]
        if frame.camera is None:
            raise ValueError("the camera is not calibrated: publish a valid camera_info")
        if len(seen) != 1:
            raise ValueError(f"{len(seen)} hands in the image: show exactly one")
        pose = seen[0].normalized_joints, pixels_of(seen[0]), frame.camera
        if self.distance_m is not None:
            return scale_at_distance(*pose, self.distance_m, lift=seen[0].lift)
        stamp_s, depth = self.depth.get(frame.camera_id, (None, None))
        if depth is None:
            raise ValueError("no depth image came: publish the aligned depth image on topic depth")
        if abs(stamp_s - frame.stamp_s) > _DEPTH_DELAY_S:
            raise ValueError(f"colour and depth are {abs(stamp_s - frame.stamp_s):.3f} s apart: synchronise the images")
        return scale_from_depth(*pose, depth, lift=seen[0].lift)

    def result(self) -> HandScale:
        """The combined scale; ValueError with the last problem if too few frames could be used."""
        if len(self.scales) < self.wanted:
            raise ValueError(
                f"only {len(self.scales)} of {self.wanted} frames could be used in {self.timeout_s:g} s: {self.problem}"
            )
        return combine(self.scales)
