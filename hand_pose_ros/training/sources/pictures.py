"""Pictures without hands from any folders, as training of the localiser needs them: icons, renders of furniture,
textures, photographs of animals. Unpacked packages of a distribution hold thousands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.renderer.backgrounds import SUFFIXES

LONGEST, SHORTEST, SLIMMEST = 512, 32, 3.0
"""Pixels of the longer side, at most, and of the shorter one, at least; longer over shorter side, at most."""
LEAST_SHOWN, FLATTEST = 0.05, 12
"""Smallest mean opacity; smallest range of grey levels."""
PEOPLE = r"hand|finger|people|person|glove|human|girl|boy|man_|woman|fist|thumb|gesture|palm"
"""File names that are left out unless the caller says otherwise: what they show may have hands."""
QUALITY = 92


def gather(folders: Iterable[Path], output: Path, most: int, seed: int = 0, without: str = PEOPLE) -> dict[str, int]:
    """Write up to ``most`` pictures of each folder to ``output`` as JPEG; how many of which.

    Pictures with transparency lie on a plain ground with a margin. ``without``: names (a regular expression) to leave
    out. ValueError for a folder without pictures.
    """
    generator, made = np.random.default_rng(seed), {}
    output.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        paths = picture_paths(folder, without)
        if not paths:
            raise ValueError(f"no pictures under {folder}: give folders with {', '.join(sorted(SUFFIXES))}")
        chosen = [paths[index] for index in generator.permutation(len(paths))[:most]]
        made[folder.name] = 0
        for picture in usable(chosen, generator):
            write(output / f"{folder.name}_{made[folder.name]:05d}.jpg", picture)
            made[folder.name] += 1
    return made


def picture_paths(folder: Path, without: str = PEOPLE) -> list[Path]:
    """Picture files under ``folder``, in order, but for links and for names that ``without`` matches."""
    left_out = re.compile(without, re.IGNORECASE) if without else None
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    return [
        path
        for path in files
        if path.is_file() and not path.is_symlink() and not (left_out and left_out.search(path.name))
    ]


def usable(paths: Iterable[Path], generator: np.random.Generator) -> Iterator[np.ndarray]:
    """(H, W, 3) uint8 BGR of those files that can be read and show something."""
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if image is None or image.dtype != np.uint8 or min(image.shape[:2]) < SHORTEST:
            continue
        if max(image.shape[:2]) > SLIMMEST * min(image.shape[:2]):
            continue
        picture = grounded(image, generator)
        if picture is not None and int(picture.max()) - int(picture.min()) >= FLATTEST:
            shrink = min(LONGEST / max(picture.shape[:2]), 1.0)
            yield cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)


def grounded(image: np.ndarray, generator: np.random.Generator) -> np.ndarray | None:
    """Grey, BGR or BGRA (H, W[, C]) as BGR; transparency on white, grey or a colour. None where nothing shows."""
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 3:
        return image
    opacity = image[..., 3:] / 255.0
    if opacity.mean() < LEAST_SHOWN:
        return None
    grounds = (np.full(3, 255.0), np.full(3, generator.uniform(20, 240)), generator.uniform(20, 240, 3))
    ground = grounds[generator.integers(3)]
    picture = (image[..., :3] * opacity + (1.0 - opacity) * ground).astype(np.uint8)
    margin = int(generator.uniform(0.02, 0.4) * max(picture.shape[:2]))
    return cv2.copyMakeBorder(picture, *[margin] * 4, cv2.BORDER_CONSTANT, value=[float(value) for value in ground])


def write(path: Path, picture: np.ndarray) -> None:
    """One JPEG file of a BGR picture. OSError if it cannot be written."""
    if not cv2.imwrite(str(path), np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
        raise OSError(f"{path} could not be written: is the disk full?")


def with_hands(folder: Path, estimator) -> list[Path]:
    """The pictures of a folder in which ``estimator`` (HandEstimator) sees a hand: for a person to look at."""
    seen = []
    for path in picture_paths(folder, ""):
        if estimator(np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])):
            seen.append(path)
    return seen
