"""What benchmarks.localiser counts."""

from types import SimpleNamespace

import numpy as np

from benchmarks.localiser import Pipeline, labelled, line
from hand_pose_ros.region import pose_crop
from hand_pose_ros.training.image.localiser_task import ROI
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, HAND, frame_row, stacked


def square(x: float, y: float, size: float = 20.0) -> np.ndarray:
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(-0.5, 0.5, 3)), -1).reshape(21, 2)
    return grid * size + (x, y)


def reported(points: np.ndarray, side: str = "right"):
    return SimpleNamespace(keypoints_px=points, handedness=side)


def test_rows_become_images_crops_and_labels():
    hands = [(square(40, 40), HAND, 0.9), (square(60, 20), DOUBTFUL, 0.1), (square(40, 200), HAND, 0.9)]
    image, crops, labels = labelled(stacked([frame_row(np.zeros((60, 80, 3), np.uint8), hands, 96, 0)]))
    assert image.shape == (60, 80, 3)
    assert [crop.sure for crop in crops] == [True, False, False]  # one doubtful, one outside
    assert np.allclose(crops[0].crop.centre_px, pose_crop(square(40, 40), ROI).centre_px, atol=1e-4)
    assert [right for _, right in labels] == [np.float32(0.9)]


def test_the_pipeline_is_counted_by_its_keypoints():
    pipeline = Pipeline()
    pipeline.add([reported(square(41, 40)), reported(square(70, 70), "left")], [(square(40, 40), 1.0)], False)
    pipeline.add([reported(square(41, 40), "left")], [(square(40, 40), 1.0)], False)
    pipeline.add([reported(square(60, 40))], [(square(40, 40), 1.0)], False)
    pipeline.add([], [], True)
    pipeline.add([reported(square(41, 40))], [], True)
    assert pipeline.found == 2
    assert pipeline.sides == [True, False]
    assert pipeline.false == [False, True]


def test_a_line_leaves_out_what_is_not_known():
    from benchmarks.localiser import COLUMNS

    shown = line("model", "images", dict.fromkeys(COLUMNS, float("nan")) | {"recall": 0.5})
    assert shown.split() == ["model", "images", "recall", "0.500"]
