"""What stands behind the hands: photographs from folders the user names, painted rooms, and procedural textures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.renderer.room import room

SIZE, LEVELS = 512, 3
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Backgrounds:
    """A pool of ``count`` pictures of 512 pixels, ``files`` of them photographs; ``take`` cuts and tints them."""

    def __init__(
        self, generator: np.random.Generator, folders: Iterable[Path] = (), count: int = 48, files: float = 0.5
    ):
        self._random = generator
        photographs = [p for f in folders for p in sorted(Path(f).rglob("*")) if p.suffix.lower() in SUFFIXES]
        if folders and not photographs:
            raise ValueError(
                f"no photographs under {', '.join(map(str, folders))}: give folders with {sorted(SUFFIXES)}"
            )
        chosen = generator.permutation(len(photographs))[: int(files * count)]
        self._pool = [picture for k in chosen if (picture := photograph(photographs[k])) is not None]
        makers = (self._room, self._clutter, self._texture, self._shapes)
        self._pool += [makers[k % len(makers)]() for k in range(count - len(self._pool))]
        self._pool = [halved(picture) for picture in self._pool]

    def take(self, width: int, height: int) -> np.ndarray:
        """A piece (height, width, 3) uint8 RGB at a random place, scale and tint."""
        picture = self._pool[self._random.integers(len(self._pool))]
        share = self._random.uniform(0.25, 1.0)
        side = max(int(share * SIZE), 16)
        top, left = self._random.integers(0, SIZE - side + 1, 2)
        # Cut from the copy of half or quarter the size when the piece shrinks by as much.
        level = min(max(int(side // width).bit_length() - 1, 0), LEVELS - 1)
        piece = picture[level][top >> level : (top + side) >> level, left >> level : (left + side) >> level]
        piece = cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR)
        if self._random.random() < 0.5:
            piece = piece[:, ::-1]
        # Real rooms are less colourful than random colours: part of the way to grey, then a tint.
        keep = self._random.uniform(0.1, 1.0)
        tint = np.exp(self._random.normal(0, 0.08, 3) + self._random.normal(0, 0.15))
        mixing = tint[:, None] * (keep * np.eye(3) + (1 - keep) / 3)
        return cv2.transform(np.ascontiguousarray(piece), mixing)

    def _room(self) -> np.ndarray:
        return room(SIZE, SIZE, int(self._random.integers(1 << 30)))

    def _texture(self) -> np.ndarray:
        """Coloured noise of several scales."""
        total = np.zeros((SIZE, SIZE, 3), np.float32)
        for cells in (3, 9, 27, 81, 243):
            grid = self._random.normal(0, 1, (cells, cells, 1)) + self._random.normal(0, 0.3, (cells, cells, 3))
            grid = grid.astype(np.float32) * self._random.uniform(0, 1)
            total += cv2.resize(grid, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        return (self._random.uniform(30, 225, 3) + 35 * total).clip(0, 255).astype(np.uint8)

    def _shapes(self) -> np.ndarray:
        """Overlapping patches, some with the colours of skin."""
        canvas = np.full((SIZE, SIZE, 3), self._random.uniform(20, 240, 3), np.float32)
        for _ in range(self._random.integers(8, 40)):
            colour = self._random.uniform(10, 245, 3)
            if self._random.random() < 0.35:
                colour = np.array([205, 150, 120]) * self._random.uniform(0.3, 1.15) + self._random.normal(0, 8, 3)
            centre, axes = self._random.integers(0, SIZE, 2), self._random.integers(8, 140, 2)
            angle = self._random.uniform(0, 360)
            if self._random.random() < 0.5:
                cv2.ellipse(canvas, centre.tolist(), axes.tolist(), angle, 0, 360, colour.tolist(), -1, cv2.LINE_AA)
            else:
                box = cv2.boxPoints((tuple(centre.tolist()), tuple(axes.tolist()), angle)).astype(int)
                cv2.fillConvexPoly(canvas, box, colour.tolist(), cv2.LINE_AA)
        return cv2.GaussianBlur(canvas, (0, 0), self._random.uniform(0.5, 6)).clip(0, 255).astype(np.uint8)

    def _clutter(self) -> np.ndarray:
        """A room cut into strips and tiles: many straight edges."""
        canvas = self._room()
        for _ in range(self._random.integers(6, 20)):
            source = self._room() if self._random.random() < 0.1 else np.rot90(canvas, self._random.integers(4))
            width, height = self._random.integers(20, 200, 2)
            (top, left), (y, x) = (self._random.integers(0, (SIZE - height, SIZE - width)) for _ in range(2))
            canvas[y : y + height, x : x + width] = source[top : top + height, left : left + width].copy()
        return canvas


def photograph(path: Path) -> np.ndarray | None:
    """A photograph's middle square, SIZE pixels, RGB; None if it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        return None
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    return cv2.cvtColor(cv2.resize(square, (SIZE, SIZE), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def halved(picture: np.ndarray) -> list[np.ndarray]:
    """The picture and its copies of half and a quarter of the size."""
    levels = [picture]
    while len(levels) < LEVELS:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return levels
