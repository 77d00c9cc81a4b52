"""Contact sheets of the pose prior: each named pose, or random draws, from the back, the palm and the side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.poses.named import ALL_POSES
from hand_pose_ros.training.poses.prior import PosePrior
from hand_pose_ros.training.renderer.appearance import Appearance, Lights
from hand_pose_ros.training.renderer.compositing import composite
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.motion import upright
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.scene import Scene, SceneHand, render
from hand_pose_ros.training.renderer.shape import average_shape

TILE, DISTANCE_M, COLUMNS, SKIN = 176, 0.7, 4, 14
VIEWS = ((160.0, -8.0, 0.0), (20.0, -8.0, 0.0), (90.0, -8.0, 0.0))


def write_pose_sheet(makehuman: Path | None, path: Path, random: int = 0, seed: int = 0) -> int:
    """Write the sheet as a picture: named poses, or ``random`` draws of the prior. Returns how many."""
    template = HandTemplate(MakeHumanFolder(makehuman), 1)
    painter, prior = Painter(template, TILE, TILE, 2), PosePrior(np.random.default_rng(seed))
    mesh = template.shaped(average_shape())
    mesh_id = painter.upload(mesh)
    names = [str(k) for k in range(random)] if random else list(ALL_POSES)
    angles = prior.sample(random, mesh.hand) if random else np.array([prior.named(name) for name in names])
    tiles = []
    for number, (name, pose_angles) in enumerate(zip(names, angles, strict=True)):
        side = LEFT if random and number % 2 else RIGHT
        views = [_view(painter, mesh_id, mesh.hand, pose_angles, side, view) for view in VIEWS]
        tiles.append(
            cv2.putText(np.hstack(views), name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        )
    save_sheet(path, tiles, COLUMNS)
    return len(tiles)


def _view(painter: Painter, mesh_id: int, rest, angles: np.ndarray, side: str, view) -> np.ndarray:
    focal = TILE * 2.6
    matrix = np.array([[focal, 0, TILE / 2], [0, focal, TILE * 0.45], [0, 0, 1.0]])
    wrist = np.array([0.0, 0.07, DISTANCE_M])
    hand = SceneHand(mesh_id, rest, angles, side, upright(side, *view), wrist, Appearance(skin=SKIN))
    layers, _ = render(painter, Scene([hand], matrix, _studio()))
    return composite(layers.colour[0], np.full((TILE, TILE, 3), 160, np.uint8))


def _studio() -> Lights:
    directions = np.array([[0.5, -0.7, -0.6], [-0.8, -0.1, -0.5], [0.0, 0.5, 0.6]])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return Lights(directions, np.array([[1.3] * 3, [0.3] * 3, [0.1] * 3]))


def save_sheet(path: Path, tiles: list[np.ndarray], columns: int):
    """Save tiles (H, W, 3) uint8 RGB in rows of ``columns``. OSError if the picture cannot be written."""
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack(rows)[..., ::-1]):
        raise OSError(f"{path}: cannot write this picture; give a .png or .jpg path")
