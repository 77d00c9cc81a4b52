"""What benchmarks.image_views counts, and its commands on drawn hands that a drawn model reads."""

import json
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from benchmarks import image_views
from benchmarks.view_figures import MirrorFigures, TurnFigures, turned
from hand_pose_ros.mirroring import mirrored_pixels
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, FRAMES, HAND, frame_row, stacked
from hand_pose_ros.training.sources.shards import write_description, write_shard


def square(x: float, y: float, size: float = 20.0) -> np.ndarray:
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(-0.5, 0.5, 3)), -1).reshape(21, 2)
    return grid * size + (x, y)


def hand(points: np.ndarray, side: str = "right"):
    return SimpleNamespace(keypoints_px=points, handedness=side)


def mirrored(points: np.ndarray, width: int = 100) -> np.ndarray:
    return np.stack([width - 1 - points[:, 0], points[:, 1]], axis=1)


def test_a_hand_and_its_mirror_image_are_paired():
    figures = MirrorFigures()
    in_mirror = [hand(mirrored(square(70, 52)), "left"), hand(mirrored(square(20, 50)))]
    figures.add([hand(square(20, 50)), hand(square(70, 50))], in_mirror, 100)
    figures.add([hand(square(20, 50))], [hand(mirrored(square(40, 50)))], 100)  # two hands
    figures.add([hand(square(20, 50))], [], 100)
    figures.add([], [], 100)
    found = figures.figures()
    assert (found["images"], found["hands"]) == (4, 2)
    assert found["found_alike"] == pytest.approx(3 / 4)
    assert found["other_side"] == pytest.approx(1 / 2)
    assert found["distance"] == pytest.approx(0.05)  # 0 and 2 px of 20
    assert np.isnan(MirrorFigures().figures()["distance"])


def test_one_mirrored_hand_is_not_paired_twice():
    figures = MirrorFigures()
    figures.add([hand(square(20, 50)), hand(square(24, 50))], [hand(mirrored(square(23, 50)), "left")], 100)
    assert figures.figures()["hands"] == 1


def test_errors_over_the_upright_are_of_hands_found_in_both():
    figures, labels = TurnFigures(), [square(50, 50), square(150, 50)]
    figures.add(0, [hand(square(51, 50)), hand(square(154, 50))], labels, labels)
    figures.add(90, [hand(square(53, 50)), hand(square(170, 50))], labels, labels)
    found = figures.figures()
    assert found["0"] == pytest.approx({"hands": 2, "found": 1.0, "error_2d": 0.125, "over_upright": 1.0})
    assert found["90"] == pytest.approx({"hands": 2, "found": 0.5, "error_2d": 0.15, "over_upright": 3.0})


def test_the_unit_is_the_upright_hand_and_unlabelled_keypoints_do_not_count():
    figures, label = TurnFigures(), square(50, 50)
    label[3] = np.nan
    figures.add(0, [hand(square(54, 50))], [label], [label])
    figures.add(30, [hand(2 * (square(54, 50)))], [label], [2 * label])
    assert figures.figures()["0"]["error_2d"] == pytest.approx(0.2)
    assert figures.figures()["30"]["error_2d"] == pytest.approx(0.4)


@pytest.mark.parametrize("angle", [0, 30, 90, 210])
def test_labels_turn_with_their_pixels_and_nothing_is_cut(angle):
    image = np.zeros((60, 90, 3), np.uint8)
    points = np.array([[2.0, 3.0], [87.0, 2.0], [45.0, 30.0], [3.0, 56.0], [86.0, 57.0]])
    for x, y in points.astype(int):
        cv2.circle(image, (x, y), 2, (255, 255, 255), -1)
    view, moved = turned(image, angle)
    assert view.shape[0] == view.shape[1] == 109
    _, _, _, centres = cv2.connectedComponentsWithStats((view[..., 0] > 100).astype(np.uint8))
    for point in moved(points):
        assert np.linalg.norm(centres[1:] - point, axis=1).min() < 0.7


def test_mirrored_pixels_come_back():
    assert mirrored_pixels(np.array([[0.0, 5.0], [89.0, 1.0]]), 90).tolist() == [[89.0, 5.0], [0.0, 1.0]]


@pytest.fixture
def store(tmp_path, drawn):
    """Three images with a drawn hand, the last one's doubtful, and one without."""
    rows = []
    for wrist, state in (((120, 160), HAND), ((150, 170), HAND), ((130, 150), DOUBTFUL), (None, 0)):
        image = drawn.blank()[:240, :320].copy()
        points = [] if wrist is None else [(wrist, (wrist[0] + 10, wrist[1] - 60))]
        for begin, end in points:
            drawn.hand(image, begin, end, "right")
        hands = [(drawn.points(np.array(a, float), np.array(b, float), "right"), state, 1.0) for a, b in points]
        rows.append(frame_row(image, hands, 320, 0))
    write_description(tmp_path, {"format": FRAMES, "size": 320, "sources": ["one"]})
    write_shard(tmp_path, 0, stacked(rows))
    return tmp_path


@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_the_command_looks_at_every_view(store, drawn, monkeypatch, capsys, plain):
    monkeypatch.setattr(image_views, "load_model", lambda *_: drawn.model())
    output = store / "views.json"
    monkeypatch.setattr(sys, "argv", ["image_views", "drawn", "--images", f"{store}:one", "--output", str(output)])
    sys.argv += plain
    assert image_views.main() == 0
    found = json.loads(output.read_text())["drawn"]
    assert found["mirror"]["images"] == 4
    assert (found["mirror"]["hands"], found["mirror"]["other_side"]) == (3, 1.0)
    assert found["mirror"]["distance"] < 0.02
    assert len(found["turns"]) == 12
    assert all(item["hands"] == 2 and item["found"] == 1.0 for item in found["turns"].values())
    assert max(item["error_2d"] for item in found["turns"].values()) < 0.05
    text = capsys.readouterr().out
    assert "| in the mirror | images |" in text
    assert "| drawn, 330 deg | 2 | 1.000 |" in text


def test_mistakes_are_told(store, drawn, monkeypatch, capsys):
    monkeypatch.setattr(image_views, "load_model", lambda *_: drawn.model())
    monkeypatch.setattr(sys, "argv", ["image_views", "drawn", "--images", f"{store}:two"])
    with pytest.raises(SystemExit):
        image_views.main()
    assert "has no sources ['two']" in capsys.readouterr().err


def test_sources_of_a_data_set_are_chosen_by_name():
    samples = [SimpleNamespace(source=name) for name in ("a", "b", "a")]
    assert image_views._of_sources(samples, ["a"]) == [samples[0], samples[2]]
    with pytest.raises(ValueError, match=r"no sources \['c'\] in --data: there are a, b"):
        image_views._of_sources(samples, ["a", "c"])
