"""Images without hands, to count false positives on: rendered arms and rooms, pieces of backgrounds, what is beside the
hands of photographs, and photographs in which a background covers the hands: arms, clothes and blurred faces remain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.renderer.backgrounds import SUFFIXES, Backgrounds
from hand_pose_ros.training.sources.frames_canvas import Picture
from hand_pose_ros.training.sources.frames_pieces import without_hands
from hand_pose_ros.training.sources.frames_store import FRAMES, NOTHING, FrameStore, frame_row, stacked
from hand_pose_ros.training.sources.pictures import write
from hand_pose_ros.training.sources.shards import shard_path, write_description, write_shard

SOURCES = ["rendered", "backgrounds", "photographs", "erased"]
AWAY, SMALLEST, LONGEST = 0.25, 0.2, 1.5
"""Margin around hands in their extents; smallest side of a piece, share of the photograph's longer one; its longer
side over the shorter one."""


def make_negatives(
    folder: Path, count: int, seed: int, makehuman: Path | None, backgrounds: Sequence[Path], photographs: FrameStore,
    size: int = 256, split: str = "held_back", pictures: bool = False,
) -> dict[str, int]:  # fmt: skip
    """Write ``count`` images of each kind (fewer where photographs give no more); how many of which.

    A store to measure on, or with ``pictures`` JPEG files in a folder of each kind: backgrounds of a training.
    """
    made = dict(zip(SOURCES, _made(count, seed, makehuman, backgrounds, photographs, size, split), strict=True))
    if pictures:
        _write_pictures(folder, made)
    else:
        _write_store(folder, made, size, seed, split)
    return {name: len(images) for name, images in made.items()}


def _made(count, seed, makehuman, backgrounds, photographs, size, split) -> list[list[np.ndarray]]:
    generator = np.random.default_rng(seed)
    return [
        arms(count, size, seed, makehuman, backgrounds, split),
        background_pieces(count, generator, backgrounds),
        photograph_pieces(count, generator, photographs),
        erased(count, generator, photographs, backgrounds),
    ]


def _write_pictures(folder: Path, made: dict[str, list[np.ndarray]]) -> None:
    for name, images in made.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(images):
            write(folder / name / f"{number:05d}.jpg", image[..., ::-1])


def _write_store(folder: Path, made: dict[str, list[np.ndarray]], size: int, seed: int, split: str) -> None:
    write_description(folder, {"format": FRAMES, "size": size, "seed": seed, "split": split, "sources": SOURCES})
    rows = [frame_row(image, (), size, number) for number, part in enumerate(made.values()) for image in part]
    if not shard_path(folder, 0).exists():
        write_shard(folder, 0, stacked(rows))


def arms(count: int, size: int, seed: int, makehuman, backgrounds, split: str) -> list[np.ndarray]:
    """Rendered forearms and elbows without hands, and bare scenes."""
    from hand_pose_ros.training.renderer.crops import CropRenderer
    from hand_pose_ros.training.renderer.scene_settings import SceneSettings

    settings = replace(SceneSettings(), empty=1.0, split=split)
    return list(CropRenderer(makehuman, size, seed, settings, backgrounds).batch(count).images)


def background_pieces(count: int, generator: np.random.Generator, folders: Sequence[Path]) -> list[np.ndarray]:
    """Pieces of all pictures in turn, a third to all of their width. ValueError if there are none."""
    paths = [path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise ValueError(f"no pictures under {', '.join(map(str, folders))}: give folders with {sorted(SUFFIXES)}")
    pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in paths]
    pictures = [picture[..., ::-1] for picture in pictures if picture is not None]
    return [piece(pictures[k % len(pictures)], generator, 1 / 3) for k in range(count)]


def photograph_pieces(count: int, generator: np.random.Generator, photographs: FrameStore) -> list[np.ndarray]:
    """The largest part beside the hands (and doubtful hands) of each photograph that has a large one."""
    pieces = []
    for index in generator.permutation(len(photographs)):
        row = {name: values[0] for name, values in photographs.rows([index]).items()}
        width, height = (int(value) for value in row["area"])
        x0, y0, x1, y1 = beside(row["keypoints_px"][row["state"] != NOTHING], width, height)
        if min(x1 - x0, y1 - y0) >= SMALLEST * max(width, height):
            pieces.append(shortened(row["images"][y0:y1, x0:x1], generator))
        if len(pieces) == count:
            break
    return pieces


def erased(count: int, generator, photographs: FrameStore, backgrounds: Sequence[Path]) -> list[np.ndarray]:
    """Photographs with a piece of a background over each hand and doubtful hand."""
    textures, images = Backgrounds(generator, backgrounds), []
    for index in generator.permutation(len(photographs))[:count]:
        picture = Picture.of_row(photographs.rows([index]), 0, real=True)
        if len(picture.state):
            images.append(without_hands(picture, textures.take(64, 64)).image)
    return images


def beside(hands: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the largest strip to the left, right, top or bottom of all hands (M, 21, 2) and a margin."""
    if not len(hands):
        return 0, 0, 0, 0  # the teacher saw none in a photograph of hands: not to be trusted
    low, high = hands.min(axis=(0, 1)), hands.max(axis=(0, 1))
    grown = AWAY * np.ptp(hands, axis=1).max()
    (left, top), (right, bottom) = np.floor(low - grown).astype(int), np.ceil(high + grown).astype(int)
    strips = [(0, 0, left, height), (right, 0, width, height), (0, 0, width, top), (0, bottom, width, height)]
    return max(strips, key=lambda s: max(s[2] - s[0], 0) * max(s[3] - s[1], 0))


def shortened(strip: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A part of the strip (H, W, 3) at most LONGEST times as long as it is wide."""
    height, width = (min(edge, int(LONGEST * min(strip.shape[:2]))) for edge in strip.shape[:2])
    top, left = generator.integers(0, strip.shape[0] - height + 1), generator.integers(0, strip.shape[1] - width + 1)
    return strip[top : top + height, left : left + width]


def piece(picture: np.ndarray, generator: np.random.Generator, smallest: float) -> np.ndarray:
    """A part of a picture (H, W, 3) of its shape, ``smallest`` to all of its sides."""
    share = generator.uniform(smallest, 1.0)
    height, width = (max(int(share * edge), 8) for edge in picture.shape[:2])
    top = generator.integers(0, picture.shape[0] - height + 1)
    left = generator.integers(0, picture.shape[1] - width + 1)
    return np.ascontiguousarray(picture[top : top + height, left : left + width])
