"""The teacher on drawn hands: labels lie on what is drawn, in every look, side and size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import LEFT, MIDDLE_MCP, RIGHT, WRIST
from hand_pose_ros.training.pseudo_labels import photograph_store
from hand_pose_ros.training.pseudo_labels.labelled_rows import labelled_rows
from hand_pose_ros.training.pseudo_labels.looks import LOOKS, look
from hand_pose_ros.training.pseudo_labels.negatives import negative_crop
from hand_pose_ros.training.pseudo_labels.photograph_list import Photograph
from hand_pose_ros.training.pseudo_labels.photograph_store import Writer
from hand_pose_ros.training.pseudo_labels.teacher import ENLARGED_PX, Teacher, enlarged
from hand_pose_ros.training.sources.photographs import PhotographStore

PLACES = {RIGHT: ((300, 300), (340, 220)), LEFT: ((300, 300), (260, 220))}


def picture(drawn, side=RIGHT, width=640, height=480):
    image = drawn.blank(width, height)
    return image, drawn.hand(image, *PLACES[side], side)


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_all_looks_see_the_same_hand_the_mirrored_one_too(drawn, side):
    image, points = picture(drawn, side)
    estimator = HandEstimator(drawn.model(), EstimatorSettings())
    looks = look(estimator, image, estimator.pose_crop(points))
    assert len(looks) == LOOKS
    for seen in looks:
        assert seen.handedness == side
        np.testing.assert_allclose(seen.keypoints_px, points, atol=2.5)
        plane = points - points[MIDDLE_MCP]
        np.testing.assert_allclose(seen.normalized_joints[:, :2], plane / np.linalg.norm(plane[WRIST]), atol=0.05)


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_hands_are_labelled_where_they_are_drawn(drawn, side):
    image, points = picture(drawn, side)
    finding = Teacher(drawn.model())(image)
    [hand] = finding.hands
    np.testing.assert_allclose(hand.seen.keypoints_px, points, atol=2.0)
    assert hand.seen.right == (side == RIGHT)
    assert hand.seen.confidence.min() > 0.8
    assert hand.centres_px is None  # this teacher has no lifter
    assert not finding.rejected


def test_small_photographs_are_enlarged_before_anyone_looks(drawn):
    image, _ = picture(drawn)
    small = cv2.resize(image, (100, 75), interpolation=cv2.INTER_AREA)
    assert enlarged(small).shape == (ENLARGED_PX * 3 // 4, ENLARGED_PX, 3)
    assert enlarged(image) is image
    finding = Teacher(drawn.model())(small)
    assert finding.image.shape[1] == ENLARGED_PX
    assert len(finding.hands) == 1


def test_photographs_without_a_hand_give_none(drawn):
    finding = Teacher(drawn.model())(drawn.blank())
    assert finding.hands == []
    assert finding.places == []


def test_negatives_keep_away_from_the_hand(drawn):
    image, _ = picture(drawn)
    teacher, generator = Teacher(drawn.model()), np.random.default_rng(0)
    finding = teacher(image)
    crops = [crop for _ in range(10) if (crop := negative_crop(finding, teacher, 32, generator)) is not None]
    assert len(crops) >= 5
    assert all(np.ptp(crop) < 20 for crop in crops)  # nothing of the drawing in any of them
    full = Teacher(drawn.model())(image[150:320, 230:400])
    assert full.hands
    assert negative_crop(full, teacher, 32, generator) is None


def test_rows_hold_the_turned_crop_and_its_labels(drawn):
    image, _ = picture(drawn)
    labelled = labelled_rows(image, Teacher(drawn.model()), 96, np.random.default_rng(1))
    hand, *rest = labelled.rows
    up = hand["keypoints"][MIDDLE_MCP] - hand["keypoints"][WRIST]
    assert abs(np.degrees(np.arctan2(up[0], -up[1]))) < 45
    for keypoint, colour in ((WRIST, 0), (MIDDLE_MCP, 1), (4, 2)):
        x, y = np.floor(hand["keypoints"][keypoint] * 96).astype(int)
        assert hand["images"][y, x].argmax() == colour
    axis = hand["joints"][MIDDLE_MCP, :2] - hand["joints"][WRIST, :2]
    assert np.degrees(np.arctan2(*axis) - np.arctan2(*up)) == pytest.approx(0, abs=5)
    assert all(not row["present"] and not row["segments"].any() for row in rest)
    assert labelled.counts["hands"] == 1


def test_stores_are_written_in_shards_with_their_sources_and_read_again(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(photograph_store, "SHARD", 2)
    writer = Writer(tmp_path, {"format": photograph_store.PHOTOGRAPHS, "size": 32})
    teacher = Teacher(drawn.model())
    for number, side in enumerate((LEFT, RIGHT, RIGHT)):
        labelled = labelled_rows(picture(drawn, side)[0], teacher, 32, np.random.default_rng(number))
        hands = [row for row in labelled.rows if row["present"]]
        writer.add(Photograph(tmp_path / f"{number}.jpg", f"person{number}", False), hands, labelled.counts)
    writer.close()
    store = PhotographStore(tmp_path)
    assert store.rows(range(3)).right.tolist() == [0, 1, 1]
    assert store.source_of([2]) == ["person2"]
    assert store.description["counts"]["person1"]["hands"] == 1
    assert (tmp_path / "files.tsv").read_text().splitlines()[1].split("\t")[:3] == ["person1", "1.jpg", "hand"]
    with pytest.raises(ValueError, match="holds shards already"):
        Writer(tmp_path, {})
