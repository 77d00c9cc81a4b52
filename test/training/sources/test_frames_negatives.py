"""Images without hands: what is cut from beside hands, and from backgrounds."""

import cv2
import numpy as np
import pytest

from hand_pose_ros.training.sources.frames_negatives import background_pieces, beside, photograph_pieces, piece
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, FRAMES, HAND, FrameStore, frame_row, stacked
from hand_pose_ros.training.sources.shards import write_description, write_shard


def square(x: float, y: float, size: float) -> np.ndarray:
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(-0.5, 0.5, 3)), -1).reshape(21, 2)
    return grid * size + (x, y)


def test_the_largest_strip_beside_all_hands():
    assert beside(square(30, 50, 20)[None], 200, 100) == (45, 0, 200, 100)
    assert beside(square(170, 50, 20)[None], 200, 100) == (0, 0, 155, 100)
    both = np.stack([square(30, 20, 20), square(170, 30, 20)])
    assert beside(both, 200, 100) == (0, 45, 200, 100)


def test_a_photograph_without_found_hands_gives_nothing():
    assert beside(np.zeros((0, 21, 2)), 200, 100) == (0, 0, 0, 0)


def test_pieces_of_photographs_hold_no_hand(tmp_path):
    image = np.full((100, 200, 3), 50, np.uint8)
    image[40:60, 20:40] = 255
    image[40:60, 60:80] = 200
    hands = [(square(30, 50, 20), HAND, 1.0), (square(70, 50, 20), DOUBTFUL, 1.0)]
    write_description(tmp_path, {"format": FRAMES, "size": 200, "sources": ["one"]})
    write_shard(tmp_path, 0, stacked([frame_row(image, hands, 200, 0), frame_row(image, hands[:0], 200, 0)]))
    [found] = photograph_pieces(5, np.random.default_rng(0), FrameStore(tmp_path))
    assert found.shape == (100, 115, 3)  # less than 1.5 times as long as wide: as it is
    assert found.max() == 50


def test_pieces_of_backgrounds(tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), np.full((60, 90, 3), (10, 20, 30), np.uint8))
    pieces = background_pieces(3, np.random.default_rng(0), [tmp_path])
    assert len(pieces) == 3
    assert all(part[0, 0].tolist() == [30, 20, 10] for part in pieces)
    with pytest.raises(ValueError, match="nothing"):
        background_pieces(1, np.random.default_rng(0), [tmp_path / "nothing"])
    assert piece(np.zeros((60, 90, 3), np.uint8), np.random.default_rng(0), 1.0).shape == (60, 90, 3)
