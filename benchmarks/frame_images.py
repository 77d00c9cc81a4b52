"""The images of a store that `hand_pose_ros frames` wrote, with their hands as the localiser's figures want them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.spread import spread
from hand_pose_ros.region import pose_crop
from hand_pose_ros.training.image.localiser_figures import TrueHand
from hand_pose_ros.training.image.localiser_task import ROI
from hand_pose_ros.training.sources.frames_store import HAND, NOTHING, FrameStore
from hand_pose_ros.training.sources.shards import read_description


def opened(text: str) -> tuple[str, FrameStore, bool]:
    """From NAME=STORE[:SOURCE,...]; True if an image without labels is known to show no hand."""
    name, _, place = text.partition("=")
    folder, _, sources = place.partition(":")
    store = FrameStore(folder, sources=[source for source in sources.split(",") if source])
    return name, store, "split" in read_description(folder)  # the renderer's and `frames negatives`', not a teacher's


def images(store: FrameStore, limit: int, exact: bool) -> Iterator[tuple]:
    """As ``labelled``; those without any label only where they are ``exact``."""
    for index in spread(len(store), limit or len(store)):
        image, hands, labels = labelled(store.rows([index]))
        if hands or exact:
            yield image, hands, labels


def labelled(rows: dict[str, np.ndarray]) -> tuple[np.ndarray, list[TrueHand], list[tuple[np.ndarray, float]]]:
    """The image of one row without its border, its hands' crops, and the keypoints and sides of the sure ones."""
    width, height = rows["area"][0]
    image = np.ascontiguousarray(rows["images"][0, :height, :width])
    hands, labels = [], []
    for keypoints, state, right in zip(rows["keypoints_px"][0], rows["state"][0], rows["right"][0], strict=True):
        if state == NOTHING:
            continue
        crop = pose_crop(keypoints.astype(np.float64), ROI)
        inside = all(-0.5 < at < edge - 0.5 for at, edge in zip(crop.centre_px, (width, height), strict=True))
        sure = bool(state == HAND and inside)
        hands.append(TrueHand(crop, float(right), sure))
        if sure:
            labels.append((keypoints.astype(np.float64), float(right)))
    return image, hands, labels
