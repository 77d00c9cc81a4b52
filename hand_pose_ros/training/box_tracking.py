"""Boxes of hands in the images of a sequence of which only some are labelled.

Chernytska 2019 carries the boxes of labelled images on by OpenCV's KCF tracker, to crop what nobody labelled. That
tracker is in OpenCV's contrib build alone (``opencv-contrib-python-headless``): where it is missing, our own filter
(``correlation_filter.py``, after the same publication) does the work.

>>> boxes, tracked = carried_boxes(images, {0: (320, 240, 90, 110)})                  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import cv2
import numpy as np

from hand_pose_ros.training.correlation_filter import LOST, CorrelationFilter

TRACKERS = ("auto", "opencv", "own")


def carried_boxes(
    images: Iterable[np.ndarray], known: Mapping[int, tuple[float, float, float, float]], tracker: str = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """``boxes`` (T, 4) cx, cy, w, h in pixels, NaN where there is none; ``tracked`` (T,) bool, False where ``known``.

    ``images``: T pictures (H, W, 3) uint8 RGB, in order. ``known``: index of an image -> its labelled box; from each
    the box is followed forwards until the next, or until it is lost. ``tracker``: ``opencv`` (its KCF), ``own``, or
    ``auto``: the first if there is one. ValueError where OpenCV's is asked for and missing, or for a box of no size.
    """
    create, following = _tracker(tracker), None
    boxes, tracked = [], []
    for number, image in enumerate(images):
        if number in known:
            box = np.asarray(known[number], dtype=np.float64)
            following = create(image, box)
        else:
            box = following(image) if following is not None else None
            following = None if box is None else following
        boxes.append(np.full(4, np.nan) if box is None else box)
        tracked.append(box is not None and number not in known)
    return np.array(boxes).reshape(-1, 4), np.array(tracked, dtype=bool)


def opencv_has_kcf() -> bool:
    """True with the contrib build."""
    return _opencv_factory() is not None


def _tracker(name: str):
    """Image and box -> a function that maps the next image to the box there, or to None."""
    if name not in TRACKERS:
        raise ValueError(f"tracker is {name!r}: give one of {', '.join(TRACKERS)}")
    if name == "opencv" and not opencv_has_kcf():
        missing = f"OpenCV {cv2.__version__} as installed has no KCF tracker"
        raise ValueError(f"{missing}: install opencv-contrib-python-headless in its place, or give tracker 'own'")
    return _opencv if name == "opencv" or (name == "auto" and opencv_has_kcf()) else _own


def _own(image: np.ndarray, box: np.ndarray):
    tracker = CorrelationFilter(image, box)

    def follow(following: np.ndarray):
        found, response = tracker.update(following)
        return found if response >= LOST else None

    return follow


def _opencv(image: np.ndarray, box: np.ndarray):
    tracker = _opencv_factory()()
    # A corner and whole pixels; the image in OpenCV's order of colours.
    x, y, width, height = (round(value) for value in (*(box[:2] - box[2:] / 2), *box[2:]))
    tracker.init(np.ascontiguousarray(image[..., ::-1]), (x, y, width, height))

    def follow(following: np.ndarray):
        found, place = tracker.update(np.ascontiguousarray(following[..., ::-1]))
        x, y, width, height = place
        return np.array([x + width / 2, y + height / 2, width, height]) if found else None

    return follow


def _opencv_factory():
    places = (cv2, getattr(cv2, "legacy", None))
    return next((place.TrackerKCF_create for place in places if hasattr(place, "TrackerKCF_create")), None)
