"""Hands cut out of crops."""

import numpy as np
import pytest

from hand_pose_ros.training.sources.frames_canvas import Canvas
from hand_pose_ros.training.sources.frames_crops import CropPictures, cut_out
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND
from hand_pose_ros.training.sources.shards import RENDERED, write_description, write_shard


def crop(hidden: int = 0, other: bool = False, present: bool = True) -> dict:
    """A white hand before red: its mask is the middle of the crop."""
    segments = np.zeros((40, 40), np.uint8)
    segments[10:30, 10:30] = 1
    if other:
        segments[:5] = 32
    image = np.where(segments[..., None] == 1, 255, np.array([200, 0, 0])).astype(np.uint8)
    points = np.stack(np.meshgrid(np.linspace(12, 28, 7), np.linspace(12, 28, 3)), -1).reshape(21, 2)
    return {
        "images": image, "segments": segments, "keypoints_px": points.astype(np.float32),
        "visible": np.arange(21) >= hidden, "left": np.bool_(True), "present": np.bool_(present),
    }  # fmt: skip


def test_only_the_hand_is_laid_down():
    canvas = Canvas(100, 100)
    canvas.image[:] = (0, 0, 90)
    canvas.lay(cut_out(crop()), 2.0, 0.0, np.array([50.0, 50.0]), np.array([20.0, 20.0]), 0.0)
    assert canvas.state.tolist() == [HAND]
    assert canvas.right.tolist() == [0.0]
    assert canvas.image[50, 50].tolist() == [255, 255, 255]
    assert canvas.image[50, 20].tolist() == [0, 0, 90]
    assert (canvas.image[..., 0].astype(int) - canvas.image[..., 1]).max() < 160  # no crop's red but on blurred edges
    columns, rows = np.rint(canvas.keypoints[0]).astype(int).T
    assert canvas.image[rows, columns].min() > 200


def test_a_hand_of_few_visible_joints_is_doubtful():
    assert cut_out(crop(hidden=17)).state.tolist() == [DOUBTFUL]


def test_crops_without_a_hand_or_beside_another_are_passed_over(tmp_path):
    rows = [crop(present=False), crop(other=True), crop()]
    write_description(tmp_path, {"format": RENDERED, "size": 40})
    write_shard(tmp_path, 0, {name: np.stack([row[name] for row in rows]) for name in rows[0]})
    pictures = CropPictures(tmp_path)
    assert all(not (pictures.take().image[:5] != (200, 0, 0)).any() for _ in range(4))
    (tmp_path / "store.json").write_text('{"format": "another"}')
    with pytest.raises(ValueError, match="another"):
        CropPictures(tmp_path)
