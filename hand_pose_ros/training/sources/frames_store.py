"""Whole images with all their hands on disk: what the localiser is trained on, rendered or labelled by a teacher.

One row per image: ``images`` (S, S, 3) uint8 RGB with the image in the top-left corner; ``area`` (2,) its width and
height; ``keypoints_px`` (HANDS, 21, 2) float32 pixels of the square; ``state`` (HANDS,) NOTHING, HAND or DOUBTFUL;
``right`` (HANDS,) float32 probability of a right hand; ``source`` an index into store.json's ``sources``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.sources.shards import Shards, Shuffled

FRAMES = "frames 1"
"""``format`` of a store of whole images."""
HANDS = 4
"""Hands that a row can hold."""
NOTHING, HAND, DOUBTFUL = 0, 1, 2
"""Empty slot; a hand; something that may be one, which teaches neither way."""


class FrameStore:
    """Images from a folder of frames, of all its sources or of those named.

    ``with_hands``: only images with a sure hand, for photographs of hands: one in which the teacher found none is no
    example of an image without hands.
    FileNotFoundError without store.json; ValueError for a folder of another kind, or sources that it does not hold.
    """

    def __init__(
        self, folder: str | Path, seed: int = 0, sources: Sequence[str] = (), without: Sequence[str] = (),
        with_hands: bool = False,
    ):  # fmt: skip
        self._shards = Shards(folder, FRAMES)
        self.size, self.sources = int(self._shards.description["size"]), self._shards.description["sources"]
        unknown = {*sources, *without} - set(self.sources)
        if unknown:
            raise ValueError(f"{folder} has no sources {sorted(unknown)}: there are {', '.join(self.sources)}")
        wanted = [name not in without and (not sources or name in sources) for name in self.sources]
        self._wanted = np.flatnonzero(wanted)
        self._with_hands, self._known, self._chosen = with_hands, -1, np.zeros(0, int)
        self._order = Shuffled(self._count, seed)

    def __len__(self) -> int:
        return self._count()

    def take(self, count: int) -> dict[str, np.ndarray]:
        """The next ``count`` images in random order, each once before any comes again."""
        return self.rows(self._order.take(count))

    def rows(self, index) -> dict[str, np.ndarray]:
        """Images ``index`` (N,) of the wanted sources, always the same ones."""
        if self._known < 0:
            self._count()
        return self._shards.rows(self._chosen[np.asarray(index)])

    def _count(self) -> int:
        rows = self._shards.refresh()
        if rows != self._known:
            wanted = np.isin(self._column("source", rows), self._wanted)
            if self._with_hands:
                wanted &= (self._column("state", rows) == HAND).any(axis=1)
            self._known, self._chosen = rows, np.flatnonzero(wanted)
        return len(self._chosen)

    def _column(self, name: str, rows: int) -> np.ndarray:
        """One array of all shards without reading the images."""
        parts = [np.load(path / f"{name}.npy") for path in sorted(self._shards.folder.glob("shard_*"))]
        return np.concatenate(parts)[:rows] if parts else np.zeros((0, HANDS))


def frame_row(image: np.ndarray, hands: Sequence[tuple], size: int, source: int) -> dict[str, np.ndarray]:
    """One row from an image (H, W, 3) of any size and its hands: (keypoints_px (21, 2), state, right) each."""
    scale = min(size / max(image.shape[:2]), 1.0)
    height, width = (max(round(edge * scale), 1) for edge in image.shape[:2])
    square = np.zeros((size, size, 3), np.uint8)
    square[:height, :width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    factor = np.array([width / image.shape[1], height / image.shape[0]])
    keypoints, state, right = (
        np.zeros((HANDS, 21, 2), np.float32), np.zeros(HANDS, np.uint8), np.full(HANDS, 0.5, np.float32)
    )  # fmt: skip
    for slot, (points, kind, side) in enumerate(hands[:HANDS]):
        keypoints[slot], state[slot], right[slot] = (points + 0.5) * factor - 0.5, kind, side
    return {
        "images": square, "area": np.array([width, height], np.int16), "keypoints_px": keypoints, "state": state,
        "right": right, "source": np.int16(source),
    }  # fmt: skip


def stacked(rows: Sequence[dict]) -> dict[str, np.ndarray]:
    """Rows as the arrays of one shard."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
