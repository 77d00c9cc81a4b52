"""The evaluation's figures against values worked out by hand."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="evaluation needs scipy (make venv installs it)")

from hand_pose_ros.cli import main as command_line
from hand_pose_ros.training.datasets.index_json import read_index
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.evaluation.evaluation import evaluate
from hand_pose_ros.training.evaluation.hand_errors import measure
from hand_pose_ros.training.evaluation.matching import box_iou, match
from hand_pose_ros.training.evaluation.prediction import PredictedHand, read_predictions
from hand_pose_ros.training.evaluation.presence import presence_figures, roc_auc, threshold_sweep
from hand_pose_ros.training.evaluation.summary import area_under_curve, curve, pck, summarise
from hand_pose_ros.training.sample import HandLabel, Sample

KEYPOINTS = np.stack([np.arange(21.0) * 5.0, np.full(21, 50.0)], axis=1)  # a row, 100 px long
JOINTS = np.random.default_rng(1).normal(size=(21, 3)) * 0.03 + [0.0, 0.0, 0.5]


def label(**changes):
    return HandLabel(**{"keypoints_px": KEYPOINTS, "handedness": "right", "joints_m": JOINTS} | changes)


def hand(shift_px=(0.0, 0.0), **changes):
    scale = float(np.linalg.norm(JOINTS[9] - JOINTS[0]))
    values = {"keypoints_px": KEYPOINTS + shift_px, "handedness": "right", "joints_m": JOINTS, "hand_scale_m": scale}
    return PredictedHand(**values | changes)


def test_a_shift_of_five_pixels_on_a_hand_of_100_is_five_percent():
    errors = measure(label(), hand((3.0, 4.0)))
    assert errors.relative_pixels == pytest.approx(0.05)
    np.testing.assert_allclose(errors.pixels, 5.0)
    assert pck([errors], 0.049) == 0.0
    assert pck([errors], 0.051) == 1.0


def test_a_shift_in_space_is_absolute_error_only():
    errors = measure(label(), hand(joints_m=JOINTS + [0.0, 0.0, 0.02]))
    np.testing.assert_allclose(errors.absolute_m, 0.02)
    np.testing.assert_allclose(errors.depth_m, 0.02)
    np.testing.assert_allclose(errors.relative_m, 0.0, atol=1e-12)
    np.testing.assert_allclose(errors.aligned_m, 0.0, atol=1e-12)


def test_a_prediction_that_is_wrong_by_its_scale_alone_is_right_with_the_true_scale():
    small = hand(joints_m=0.9 * JOINTS, hand_scale_m=0.9 * label().hand_scale_m)
    errors = measure(label(), small)
    np.testing.assert_allclose(errors.absolute_m, 0.1 * np.linalg.norm(JOINTS, axis=1))
    np.testing.assert_allclose(errors.absolute_true_scale_m, 0.0, atol=1e-12)


def test_procrustes_forgives_position_rotation_and_size_but_not_mirroring():
    turn = cv2.Rodrigues(np.array([0.3, -0.4, 0.5]))[0]
    np.testing.assert_allclose(procrustes_align(2.0 * JOINTS @ turn.T + 1.0, JOINTS), JOINTS, atol=1e-9)
    mirrored = procrustes_align(JOINTS * [-1.0, 1.0, 1.0], JOINTS)
    assert np.linalg.norm(mirrored - JOINTS, axis=1).mean() > 0.005


def test_unlabelled_keypoints_do_not_count():
    keypoints = KEYPOINTS.copy()
    keypoints[3] = np.nan
    errors = measure(label(keypoints_px=keypoints), hand((0.0, 10.0)))
    assert np.isnan(errors.pixels[3])
    assert errors.relative_pixels == pytest.approx(0.1)


def test_coverage_counts_components_within_one_deviation():
    deviations = np.tile([0.01, 0.03], (21, 1))
    errors = measure(
        label(),
        hand((3.0, 1.0), joints_m=JOINTS * 1.04, joint_stddev_m=deviations, keypoint_stddev_px=np.full(21, 2.0)),
    )
    np.testing.assert_allclose(errors.over_sigma["pixel"], [1.5, 0.5] * 21)
    np.testing.assert_allclose(errors.over_sigma["across"], 0.0, atol=1e-9)
    np.testing.assert_allclose(errors.over_sigma["along"], 0.04 * np.linalg.norm(JOINTS, axis=1) / 0.03)
    assert summarise([errors], resamples=2)["sigma_pixel"]["value"] == 0.5


def test_errors_of_the_stated_size_are_covered_as_a_normal_distribution_says():
    random = np.random.default_rng(0)
    ray = JOINTS / np.linalg.norm(JOINTS, axis=1, keepdims=True)
    errors = []
    for _ in range(300):
        noise = random.normal(0, 0.01, (21, 3))
        along = (noise * ray).sum(axis=1, keepdims=True) * ray
        moved = hand(joints_m=JOINTS + noise + 2 * along, joint_stddev_m=np.tile([0.01, 0.03], (21, 1)))
        errors.append(measure(label(), moved))
    figures = summarise(errors, resamples=2)
    assert figures["sigma_across"]["value"] == pytest.approx(0.683, abs=0.01)
    assert figures["sigma_along"]["value"] == pytest.approx(0.683, abs=0.015)


def test_hands_are_matched_one_to_one_to_the_nearest_and_far_ones_not_at_all():
    labels = (label(), label(keypoints_px=KEYPOINTS + [0.0, 60.0]))
    assert match(labels, [hand((0.0, 58.0)), hand((2.0, 0.0))]) == [1, 0]
    assert match(labels, [hand((0.0, 500.0))]) == [None, None]
    assert match((), [hand()]) == []


def test_box_overlap_of_half_shifted_boxes_is_a_third():
    square = np.array([[0.0, 0.0], [10.0, 10.0]] + [[5.0, 5.0]] * 19)
    assert box_iou(label(keypoints_px=square), hand(keypoints_px=square + [5.0, 0.0])) == pytest.approx(1 / 3)


def test_the_area_under_the_curve_of_a_constant_error():
    distances = np.full(50, 10.0)
    assert area_under_curve(distances, 0.0, 20.0) == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(curve(distances, np.array([9.0, 10.0])), [0.0, 1.0])


def test_presence_figures_on_a_small_confusion_matrix():
    samples = [
        Sample("a.png", 1, 1, (label(),)),
        Sample("b.png", 1, 1, (), exhaustive=True),
        Sample("c.png", 1, 1, (), exhaustive=True),
    ]
    figures = presence_figures(samples, [[hand(score=0.9)], [hand(score=0.8)], []], [1, 0, 0])
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert (figures["precision"], figures["recall"]) == (0.5, 1.0)
    assert figures["false_positives_per_image"] == 0.5
    assert figures["roc_auc"] == 1.0
    assert roc_auc(np.array([0.5]), np.array([0.5, 0.6])) == 0.25


def test_a_threshold_sweep_goes_from_all_to_nothing():
    rates = threshold_sweep(np.array([True, True, False]), np.array([0.9, 0.4, 0.6]), np.array([0.0, 0.5, 0.95]))
    np.testing.assert_allclose(rates["recall"], [1.0, 0.5, 0.0])
    np.testing.assert_allclose(rates["false_positive_rate"], [1.0, 1.0, 0.0])
    np.testing.assert_allclose(rates["f1"], [0.8, 0.5, 0.0])


def test_evaluate_writes_every_table_and_picture(tmp_path, capsys):
    write_index(tmp_path)
    entries = json.loads((tmp_path / "index.json").read_text())
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((100, 200, 3), np.uint8))
    empty = {"image": "b.png", "width": 200, "height": 100, "kp2d": None, "source": "made"}
    (tmp_path / "index.json").write_text(json.dumps([*entries, empty]))
    found = {"keypoints_px": KEYPOINTS.tolist(), "score": 0.9, "keypoint_stddev_px": [2.0] * 21}
    lines = [{"image": "a.png", "hands": [found]}, {"image": "b.png", "hands": []}]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)))
    output = tmp_path / "out"
    assert (
        command_line(["evaluate", str(tmp_path / "mine.jsonl"), "--data", str(tmp_path), "--output", str(output)]) == 0
    )
    table = (output / "table.md").read_text()
    assert "| mine | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 | 0.000 | 1.000 |" in table
    assert "| thumb | 0.000 |" in table
    pictures = {"curves.png", "calibration.png", "presence.png", "worst_mine.png"}
    assert pictures <= {path.name for path in output.iterdir()}


def test_missed_hands_lower_found_and_nothing_else():
    errors = [measure(label(), hand((0.0, 5.0))), measure(label(), None)]
    figures = summarise(errors, resamples=20)
    assert figures["found"]["value"] == 0.5
    assert figures["error_2d"]["value"] == pytest.approx(0.05)
    assert figures["found"]["low"] <= 0.5 <= figures["found"]["high"]


def write_index(folder, **changes):
    cv2.imwrite(str(folder / "a.png"), np.zeros((100, 200, 3), np.uint8))
    entry = {
        "image": "a.png", "width": 200, "height": 100, "source": "made", "hand": "right",
        "K": [200.0, 200.0, 99.5, 49.5],        "kp2d": KEYPOINTS.tolist(), "xyz_m": JOINTS.tolist(), "vis": None,
    } | changes  # fmt: skip
    (folder / "index.json").write_text(json.dumps([entry]))
    return folder


def test_an_index_and_a_file_of_predictions_give_an_evaluation(tmp_path):
    samples = read_index(write_index(tmp_path))
    line = {
        "image": "/elsewhere/a.png",
        "hands": [{"keypoints_px": (KEYPOINTS + [0, 10]).tolist(), "handedness": "left"}],
    }
    (tmp_path / "other.jsonl").write_text(json.dumps(line) + "\n")
    result = evaluate("other", samples, read_predictions(tmp_path / "other.jsonl", samples)).as_dict(resamples=10)
    assert result["all"]["error_2d"]["value"] == pytest.approx(0.1)
    assert result["all"]["handedness"]["value"] == 0.0
    assert np.isnan(result["all"]["absolute_mm"]["value"])
    assert samples[0].image().shape == (100, 200, 3)


def test_an_unlabelled_keypoint_of_an_index_is_masked(tmp_path):
    keypoints = KEYPOINTS.copy()
    keypoints[7] = 0.0
    visible = [index != 7 for index in range(21)]
    sample = read_index(write_index(tmp_path, kp2d=keypoints.tolist(), vis=visible))[0]
    assert np.isnan(sample.hands[0].keypoints_px[7]).all()
    assert np.isfinite(sample.hands[0].keypoints_px[8]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"kp2d": [[1, 2]]}, r"entry 0: kp2d has shape \(1, 2\)"), ({"K": [0, 0, 0, 0]}, "0")],
)
def test_a_broken_index_is_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read_index(write_index(tmp_path, **changes))


def test_predictions_that_lack_an_image_are_refused(tmp_path):
    samples = read_index(write_index(tmp_path))
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"no prediction for 1 of 1 images, the first is a\.png"):
        read_predictions(tmp_path / "empty.jsonl", samples)
