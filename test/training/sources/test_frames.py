"""Whole images in stores, on canvases and composed for training."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from hand_pose_ros.training.sources.composer_settings import ComposerSettings
from hand_pose_ros.training.sources.frames_canvas import Canvas, Picture
from hand_pose_ros.training.sources.frames_composer import FrameComposer
from hand_pose_ros.training.sources.frames_photographs import make_photograph_frames, teacher_hands
from hand_pose_ros.training.sources.frames_pieces import cut, without_hands
from hand_pose_ros.training.sources.frames_store import (
    DOUBTFUL,
    FRAMES,
    HAND,
    NOTHING,
    FrameStore,
    frame_row,
    stacked,
)
from hand_pose_ros.training.sources.shards import write_description, write_shard

WHITE = np.array([255, 255, 255])


def dotted(points: np.ndarray, width: int = 120, height: int = 90) -> np.ndarray:
    """A dark image with a white dot at each point, so that labels can be checked against pixels."""
    image = np.full((height, width, 3), 40, np.uint8)
    for x, y in points:
        cv2.circle(image, (round(x * 16), round(y * 16)), 3 * 16, WHITE.tolist(), -1, cv2.LINE_AA, 4)
    return image


def hand_at(x: float, y: float, size: float = 30.0) -> np.ndarray:
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(-0.5, 0.5, 3)), -1).reshape(21, 2)
    return grid * size + (x, y)


def picture(points=None, state=HAND, **kind) -> Picture:
    points = hand_at(60, 45) if points is None else points
    return Picture(dotted(points), points[None], np.array([state]), np.array([1.0]), **kind)


def brightness(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    columns, rows = np.rint(points).astype(int).T
    return image[rows, columns].min(axis=1)


@pytest.fixture
def store(tmp_path):
    write_description(tmp_path, {"format": FRAMES, "size": 96, "sources": ["one", "two"]})
    for number in range(2):
        rows = [frame_row(dotted(hand_at(60, 45)), [(hand_at(60, 45), HAND, 1.0)], 96, source) for source in (0, 0, 1)]
        write_shard(tmp_path, number, stacked(rows))
    return tmp_path


def test_rows_keep_labels_on_their_pixels():
    row = frame_row(dotted(hand_at(60, 45), 240, 180), [(hand_at(60, 45), HAND, 0.9)], 96, 3)
    assert row["images"].shape == (96, 96, 3)
    assert row["area"].tolist() == [96, 72]
    assert not row["images"][72:].any()
    assert brightness(row["images"], row["keypoints_px"][0]).min() > 150
    assert row["state"].tolist() == [HAND, NOTHING, NOTHING, NOTHING]


def test_stores_are_read_by_source(store):
    assert len(FrameStore(store)) == 6
    assert len(FrameStore(store, sources=["two"])) == 2
    only = FrameStore(store, without=["two"])
    assert set(only.take(20)["source"].tolist()) == {0}
    with pytest.raises(ValueError, match="three"):
        FrameStore(store, sources=["three"])
    (store / "store.json").write_text(json.dumps({"format": "another"}))
    with pytest.raises(ValueError, match="another"):
        FrameStore(store)


@pytest.mark.parametrize(("scale", "angle"), [(1.0, 0.0), (0.5, 0.3), (2.0, -0.2), (0.3, 0.0), (1.0, 3.0)])
@pytest.mark.parametrize("soft", [-1.0, 0.0])
def test_labels_go_where_the_pixels_go(scale, angle, soft):
    canvas = Canvas(200, 160)
    canvas.lay(picture(), scale, angle, np.array([90.0, 70.0]), np.array([60.0, 45.0]), soft)
    assert canvas.keypoints[0].mean(axis=0) == pytest.approx([90, 70])
    assert brightness(canvas.image, canvas.keypoints[0]).min() > (100 if scale < 0.5 else 150)
    assert np.ptp(canvas.keypoints[0], axis=0).max() == pytest.approx(
        30 * scale * (abs(np.cos(angle)) + abs(np.sin(angle)) / 3 * 3), rel=0.2
    )


def test_mirroring_takes_pixels_labels_and_side():
    canvas = Canvas(200, 160)
    canvas.lay(picture(), 1.0, 0.2, np.array([60.0, 70.0]), np.array([60.0, 45.0]))
    canvas.mirror()
    assert canvas.right.tolist() == [0.0]
    assert canvas.keypoints[0].mean(axis=0) == pytest.approx([139, 70])
    assert brightness(canvas.image, canvas.keypoints[0]).min() > 150


def test_a_hand_under_another_picture_is_gone():
    canvas = Canvas(200, 160)
    canvas.lay(picture(), 1.0, 0.0, np.array([100.0, 80.0]), np.array([60.0, 45.0]))
    canvas.lay(Picture(np.zeros((80, 80, 3), np.uint8)), 1.0, 0.0, np.array([100.0, 80.0]), np.array([40.0, 40.0]), 0.0)
    assert canvas.state.tolist() == [NOTHING]
    assert brightness(canvas.image, canvas.keypoints[0]).max() == 0


def test_half_covered_is_doubtful():
    canvas = Canvas(200, 160)
    canvas.lay(picture(), 1.0, 0.0, np.array([100.0, 80.0]), np.array([60.0, 45.0]))
    canvas.lay(Picture(np.zeros((80, 80, 3), np.uint8)), 1.0, 0.0, np.array([60.0, 80.0]), np.array([40.0, 40.0]), 0.0)
    assert canvas.state.tolist() == [DOUBTFUL]


def test_erased_hands_leave_no_pixel():
    canvas = Canvas(200, 160)
    canvas.lay(picture(), 1.0, 0.0, np.array([100.0, 80.0]), np.array([60.0, 45.0]))
    canvas.erase(0, np.full((8, 8, 3), 90, np.uint8), 2.0)
    assert canvas.state.tolist() == [NOTHING]
    assert canvas.image.max() <= 90
    assert without_hands(picture(), np.zeros((8, 8, 3), np.uint8)).image.max() <= 40


def test_hands_outside_or_tiny_are_settled():
    canvas = Canvas(200, 160)
    for x, scale in ((100.0, 1.0), (-3.0, 1.0), (-60.0, 1.0), (50.0, 0.2)):
        canvas.lay(picture(), scale, 0.0, np.array([x, 80.0]), np.array([60.0, 45.0]), 0.0)
    canvas.state[:] = HAND
    canvas.settle()
    assert canvas.state.tolist() == [HAND, HAND, NOTHING, DOUBTFUL] or canvas.state.tolist() == [
        HAND, DOUBTFUL, NOTHING, DOUBTFUL,
    ]  # fmt: skip


def test_cut_keeps_the_hand_and_doubts_what_it_cuts():
    points = np.stack([hand_at(40, 45, 24), hand_at(70, 45, 24)])
    both = Picture(dotted(points.reshape(-1, 2)), points, np.array([HAND, HAND]), np.ones(2))
    part = cut(both, 0, np.full(4, 0.5))
    assert part.state.tolist() == [HAND, DOUBTFUL]
    assert brightness(part.image, part.keypoints_px[0]).min() > 150


def test_composed_images_are_letterboxed_labelled_and_repeatable(store):
    settings = ComposerSettings(pool=4, erased=0.0, exposed=0.0, patches=0.0, background=0.0, photograph=0.5)

    def make():
        return FrameComposer(FrameStore(store, 1), FrameStore(store, 2), (), 96, 7, settings).batch(24)

    batch, again = make(), make()
    assert batch.images.shape == (24, 3, 96, 96)
    assert bool((batch.images == again.images).all())
    assert set(batch.real.tolist()) == {0.0, 1.0}
    hands = (batch.state == HAND).nonzero().tolist()
    assert len(hands) > 12
    bright = []
    for image, slot in hands:
        points = (batch.keypoints[image, slot] * 96 - 0.5).numpy()
        inside = points[((points > 1) & (points < 94)).all(axis=1)]
        columns, rows = np.rint(inside).astype(int).T
        shown = batch.images[image].float().mean(dim=0).numpy() / 255
        bright.append(shown[rows, columns].mean() - shown[shown > 0].mean())
    assert np.mean(np.array(bright) > 0.05) > 0.9


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_rendered_images_come_from_the_store_of_persons_as_often_as_wanted(store, tmp_path, share):
    persons = tmp_path / "persons"
    write_description(persons, {"format": FRAMES, "size": 96, "sources": ["rendered"]})
    bright = np.full((90, 120, 3), 230, np.uint8)
    write_shard(persons, 0, stacked([frame_row(bright, [(hand_at(60, 45), HAND, 1.0)], 96, 0)]))
    settings = ComposerSettings(
        pool=4, erased=0.0, exposed=0.0, patches=0.0, background=0.0, photograph=0.0, persons=share
    )
    batch = FrameComposer(FrameStore(store, 1), None, (), 96, 7, settings, persons=FrameStore(persons, 1)).batch(6)
    lightest = batch.images.float().mean(dim=1).flatten(1).quantile(0.5, dim=1)
    assert bool(((lightest > 100) == bool(share)).all())


class Teacher:
    """Finds a hand where the image is bright, a second one in images as they are; knows mirrored ones by a corner."""

    def __call__(self, image):
        gray = image.mean(axis=2)
        rows, columns = np.nonzero(gray > 128)
        points = hand_at(0, 0, 0.8 * np.ptp(columns))
        if image[0, 0, 0] < 10 and image[0, -1, 0] > 30:
            return [self._hand(points * (-1, 1) + (columns.mean(), rows.mean()), "left")]
        found = [self._hand(points + (columns.mean(), rows.mean()))]
        if image[0, 0, 0] > 30:
            found.append(self._hand(hand_at(15, 15, 10)))
        return found

    def _hand(self, points, side="right"):
        return SimpleNamespace(keypoints_px=points, handedness=side, handedness_score=0.9, score=0.9)


def test_a_teacher_must_agree_with_itself():
    image = dotted(hand_at(60, 45))
    image[0, -1] = 0
    sure, doubtful = teacher_hands(image, Teacher())
    assert sure[1] == HAND
    assert sure[0].mean(axis=0) == pytest.approx([60, 45], abs=1)
    assert sure[2] == pytest.approx(0.9)
    assert doubtful[1] == DOUBTFUL


def test_photographs_are_labelled_and_continued(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for number in range(2):
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), dotted(hand_at(60, 45)))
    sources = {name: tmp_path / name for name in ("one", "two")}
    assert make_photograph_frames(tmp_path / "store", sources, Teacher(), 96) == 4
    rows = FrameStore(tmp_path / "store", sources=["two"]).rows([0, 1])
    assert rows["source"].tolist() == [1, 1]
    assert (rows["state"][:, 0] == HAND).all()
    assert make_photograph_frames(tmp_path / "store", sources, None, 96) == 4  # nothing left to label
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty"):
        make_photograph_frames(tmp_path / "other", {"empty": tmp_path / "empty"}, Teacher(), 96)
