"""What benchmarks.localiser counts."""

import json
import sys
from types import SimpleNamespace

import numpy as np

from benchmarks.frame_images import images, labelled, opened
from benchmarks.localiser import ALL, COLUMNS, Pipeline, last_line, line, main
from hand_pose_ros.region import pose_crop
from hand_pose_ros.training.image.localiser_task import ROI
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, FRAMES, HAND, frame_row, stacked
from hand_pose_ros.training.sources.shards import write_description, write_shard


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
    shown = line("model", "images", dict.fromkeys(COLUMNS, float("nan")) | {"recall": 0.5})
    assert shown.split() == ["model", "images", "recall", "0.500"]


def test_the_last_line_says_what_is_known_of_all_stores():
    figures = {"empty_images": 40.0, "false_positive_images": 0.05, "threshold_1_in_200": 0.7}
    shown = last_line("model", figures | {"recall_1_in_200": {"photographs": 0.5, "empty": float("nan")}})
    assert shown.startswith(f"model            {ALL}   ")
    assert "false 0.050  thr 1/200 0.700  empty 40.000" in shown
    assert shown.endswith("photographs at 1/200 0.500")


def folder(place, drawn, count, **description):
    """``count`` images with a drawn hand, and as many without a label."""
    rows = []
    for _ in range(count):
        picture = drawn.blank()[:240, :320].copy()
        rows.append(frame_row(picture, [], 320, 0))
        drawn.hand(picture, (120, 160), (130, 100), "right")
        points = drawn.points(np.array([120.0, 160.0]), np.array([130.0, 100.0]), "right")
        rows.append(frame_row(picture, [(points, HAND, 1.0)], 320, 0))
    write_description(place, {"format": FRAMES, "size": 320, "sources": ["one"], **description})
    write_shard(place, 0, stacked(rows))
    return place


def test_photographs_in_which_a_teacher_found_nothing_are_left_out(tmp_path, drawn):
    for description, count in (({"split": "held_back"}, 4), ({}, 2)):
        name, store, exact = opened(f"some={folder(tmp_path / str(count), drawn, 2, **description)}:one")
        assert name == "some"
        assert len(list(images(store, 0, exact))) == count


def test_the_command_pools_all_stores(tmp_path, drawn, monkeypatch, capsys):
    import benchmarks.localiser

    monkeypatch.setattr(benchmarks.localiser, "load_model", lambda *_: drawn.model())
    drawn_store, photographs = folder(tmp_path / "a", drawn, 2, split="held_back"), folder(tmp_path / "b", drawn, 1)
    stores = ["--images", f"rendered={drawn_store}", f"photographs={photographs}"]
    monkeypatch.setattr(sys, "argv", ["localiser", "drawn", *stores, "--output", str(tmp_path / "out")])
    assert main() == 0
    found = json.loads((tmp_path / "out/localiser.json").read_text())["drawn"]
    assert (found["rendered"]["empty_images"], found["photographs"]["empty_images"]) == (2, 0)
    assert found[ALL]["empty_images"] == 2
    assert (found[ALL]["false_positive_images"], found[ALL]["threshold_1_in_200"]) == (0, 0)
    assert found[ALL]["recall_1_in_200"] == {"rendered": 1.0, "photographs": 1.0}
    assert capsys.readouterr().out.splitlines()[-1].endswith("rendered at 1/200 1.000  photographs at 1/200 1.000")
