"""Following hands through one camera's images: ids, box re-use, handedness vote, lost hands.

A track looks for its hand in the crop around its last pose; the localiser only has to find new hands. Order of calls
for each frame: ``begin`` -> (``admit`` if ``wants_detection``) -> pose network on all searches -> (``admit`` and the
pose network again if ``wants_another_look``) -> ``finish``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_pose_ros.hand import DETECTED, PREDICTED, TRACKED, HandPose, OrientedBox
from hand_pose_ros.region import box_overlap, hand_distance
from hand_pose_ros.settings import check, setting
from hand_pose_ros.track import Track


@dataclass(frozen=True)
class TrackingSettings:
    """When to look for new hands, and what becomes of those that are lost."""

    detect_every: int = setting(
        10, "While hands are followed, but fewer than max_hands: frames between two runs of the localiser.",
        minimum=1, maximum=1000,
    )  # fmt: skip
    detect_every_idle: int = setting(
        1, "While no hand is followed: frames between two runs of the localiser.", minimum=1, maximum=1000
    )
    look_again: bool = setting(
        True, "When a followed hand is not in its crop, let the localiser look for it in the same frame."
    )
    same_box_overlap: float = setting(
        0.5, "A detection that overlaps a followed hand's box by more (intersection over union) is that hand.",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    same_hand_distance: float = setting(
        0.2, "Two tracks whose keypoints are nearer on average, in hand extents, follow one hand: one of them ends.",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    reuse_s: float = setting(
        1.0, "A hand found again within this time, in seconds, gets its old id.", minimum=0.0, maximum=60.0
    )
    reuse_distance: float = setting(
        2.5, "A hand found again within this distance of where it was lost, in hand extents, gets its old id.",
        minimum=0.0, maximum=100.0,
    )  # fmt: skip
    hold_s: float = setting(
        0.0, "Repeat the last pose of a lost hand, marked as predicted, for this time in seconds.",
        minimum=0.0, maximum=5.0,
    )  # fmt: skip
    handedness_memory_s: float = setting(
        1.0, "Time constant of the vote over left and right, seconds.", minimum=0.0, maximum=60.0
    )
    largest_gap_s: float = setting(
        1.0, "After a longer gap between two stamps, seconds, last boxes mean nothing: all tracks end.",
        minimum=0.01, maximum=60.0,
    )  # fmt: skip

    def __post_init__(self):
        check(self)


SURE_OF_SIDE = 0.8  # from this score on, a hand of the other side is another hand


@dataclass(frozen=True)
class Search:
    """A crop in which the pose network shall look: for the hand of ``track``, or for a new one if that is None."""

    box: OrientedBox
    side: str | None
    track: Track | None = None


class HandTracker:
    """The tracks of one camera. ``numbers`` yields ids and is shared by all cameras; ``pose_crop`` maps keypoints
    (21, 2) to the crop for the next frame."""

    def __init__(self, numbers, pose_crop, settings: TrackingSettings = TrackingSettings(), max_hands: int = 2):
        self.settings, self.max_hands = settings, max_hands
        self._numbers, self._pose_crop = numbers, pose_crop
        self.reset()

    def reset(self) -> None:
        """Forget everything but the ids that were given."""
        self.tracks: list[Track] = []
        self.lost: list[Track] = []
        self._stamp_s, self._image_size = None, None
        self._frames_since_detection, self._looked = None, False

    def begin(self, stamp_s: float, image_size: tuple[int, int]) -> list[Search]:
        """Start a frame: where followed hands are searched. A jump of the clock or a new image size ends all tracks."""
        if self._stamp_s is not None:
            gap = stamp_s - self._stamp_s
            if gap < 0.0 or gap > self.settings.largest_gap_s or image_size != self._image_size:
                self.reset()
        self._stamp_s, self._image_size, self._looked = stamp_s, image_size, False
        del self.tracks[self.max_hands :]
        return [Search(self._pose_crop(track.hand.keypoints_px), track.handedness, track) for track in self.tracks]

    def wants_detection(self) -> bool:
        """True when the localiser should run on this frame."""
        if len(self.tracks) >= self.max_hands:
            return False
        every = self.settings.detect_every if self.tracks else self.settings.detect_every_idle
        since = self._frames_since_detection
        self._looked = since is None or since + 1 >= every
        self._frames_since_detection = 0 if self._looked else since + 1
        return self._looked

    def wants_another_look(self, hands: list[HandPose | None]) -> bool:
        """True when the localiser should run after all, as a followed hand was not found: ``hands`` are the results of
        the searches so far. A fast hand leaves its crop between two frames."""
        return self.settings.look_again and not self._looked and None in hands

    def admit(self, searches: list[Search], detections: list) -> list[Search]:
        """``searches`` and those detections that lie elsewhere; which of them show hands, the pose network says."""
        searches = list(searches)
        for detection in detections:
            if all(box_overlap(detection.box, known.box) <= self.settings.same_box_overlap for known in searches):
                searches.append(Search(detection.box, detection.side))
        return searches

    def finish(self, searches: list[Search], hands: list[HandPose | None]) -> list[HandPose]:
        """End a frame: ``hands[n]`` is what was found in ``searches[n]``. Returns the hands to report, by id."""
        self._update(searches, hands)
        hold, now = self.settings.hold_s, self._stamp_s
        held = [replace(track.pose(), status=PREDICTED) for track in self.lost if now - track.stamp_s <= hold]
        poses = [track.pose() for track in self.tracks] + (held if hold > 0.0 else [])
        return sorted(poses, key=lambda hand: hand.id)

    def _update(self, searches, hands) -> None:
        pairs = [(search, hand) for search, hand in zip(searches, hands, strict=True) if hand is not None]
        pairs = self._distinct(pairs)[: self.max_hands]
        seen = {id(search.track) for search, _ in pairs if search.track is not None}
        self.lost += [track for track in self.tracks if id(track) not in seen]
        keep_s = max(self.settings.reuse_s, self.settings.hold_s)
        self.lost = [track for track in self.lost if self._stamp_s - track.stamp_s <= keep_s]
        self.tracks = [self._seen(search.track, hand) for search, hand in pairs]

    def _distinct(self, pairs: list) -> list:
        """Without the tracks that slid onto another one's hand: of two, the one that moved less is the hand's own. New
        hands come last, in the order in which they were detected."""
        kept = []
        for search, hand in sorted(pairs, key=lambda pair: _movement(*pair)):
            near = (hand_distance(hand.keypoints_px, other.keypoints_px) for _, other in kept)
            if all(distance >= self.settings.same_hand_distance for distance in near):
                kept.append((search, hand))
        return kept

    def _seen(self, track: Track | None, hand: HandPose) -> Track:
        status = TRACKED if track is not None else DETECTED
        track = track or self._found_again(hand)
        if track is None:
            return Track(next(self._numbers), hand, self._stamp_s)
        track.see(hand, self._stamp_s, status, self.settings.handedness_memory_s)
        return track

    def _found_again(self, hand: HandPose) -> Track | None:
        """The lost track whose hand this is, taken off the list: near, and not surely of the other side."""
        near = [
            (hand_distance(track.hand.keypoints_px, hand.keypoints_px), track)
            for track in self.lost
            if self._stamp_s - track.stamp_s <= self.settings.reuse_s and not _surely_other(track, hand)
        ]
        near = [item for item in near if item[0] <= self.settings.reuse_distance]
        if not near:
            return None
        track = min(near, key=lambda item: item[0])[1]
        self.lost.remove(track)
        return track


def _surely_other(track: Track, hand: HandPose) -> bool:
    return track.handedness != hand.handedness and hand.handedness_score >= SURE_OF_SIDE


def _movement(search: Search, hand: HandPose) -> float:
    """Movement since the last frame in hand extents; a new hand is behind every followed one."""
    return np.inf if search.track is None else hand_distance(search.track.hand.keypoints_px, hand.keypoints_px)
