"""Targets and decoding against each other; figures on cases counted by hand; the task's steps."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hand_pose_ros.crop import crop_to_image, square_box
from hand_pose_ros.detector import Candidates, Detection, decode
from hand_pose_ros.networks.hand_localiser import HandLocaliser
from hand_pose_ros.region import box_overlap, pose_crop
from hand_pose_ros.training.hand_squares import squares
from hand_pose_ros.training.image.localiser_figures import DetectionFigures, TrueHand, average_precision, pooled
from hand_pose_ros.training.image.localiser_losses import place_losses, score_loss
from hand_pose_ros.training.image.localiser_targets import targets
from hand_pose_ros.training.image.localiser_task import ROI, LocaliserTask, card_values
from hand_pose_ros.training.image.localiser_threshold import best_scores, shift_for
from hand_pose_ros.training.sources.frames_batch import FrameBatch
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
from hand_pose_ros.training.trainer.data import Stores

S, GRID = 192, 24


def some_hands(count: int, seed: int = 0, low: float = 0.05, high: float = 0.25) -> np.ndarray:
    """(count, 21, 2) shapes of random extent that lie inside the image, in fractions."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-1, 1, (count, 21, 2)) * generator.uniform(low, high, (count, 1, 1)) / 2
    points[:, 0] += 0.6 * (points[:, 0] - points[:, 9])  # a wrist outside of the knuckles: a direction
    return points + generator.uniform(0.3, 0.7, (count, 1, 2))


def batch_of(hands: np.ndarray, state, right=1.0) -> FrameBatch:
    """One image per row of ``hands`` (N, M, 21, 2)."""
    count, slots = hands.shape[:2]
    return FrameBatch(
        torch.zeros(count, 3, S, S), torch.from_numpy(hands).float(), torch.full((count, slots), state),
        torch.full((count, slots), float(right)), torch.zeros(count),
    )  # fmt: skip


def perfect(batch: FrameBatch) -> torch.Tensor:
    """(N, A, 9) of a network that has learnt its targets by heart."""
    wanted = targets(batch, ROI, GRID)
    values = wanted.values.clone()
    values[..., 7] = torch.logit(values[..., 7], eps=1e-4)
    return torch.cat([torch.logit(wanted.heat, eps=1e-4)[..., None], values], dim=-1)


def detections(values: torch.Tensor, min_score: float = 0.5) -> list[Detection]:
    found = {name: value.double().numpy() for name, value in HandLocaliser("s", S).placed(values).items()}
    affine = crop_to_image(square_box(((S - 1) / 2, (S - 1) / 2), S))
    parts = Candidates(*(found[name][0] for name in ("score", "box", "axis", "right")))
    return decode(parts, affine, card_values(ROI), min_score)


@pytest.mark.parametrize("seed", range(20))
def test_squares_are_the_pose_networks_crops(seed):
    hand = some_hands(1, seed)
    found = squares(torch.from_numpy(hand[None]), ROI)
    wanted = pose_crop(hand[0] * S - 0.5, ROI)
    assert found.centre[0, 0].numpy() * S - 0.5 == pytest.approx(np.array(wanted.centre_px), abs=1e-6)
    assert float(found.size[0, 0]) * S * ROI["scale"] == pytest.approx(wanted.size_px[0], abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_a_perfect_network_is_decoded_to_the_crop_of_the_truth(seed):
    hand = some_hands(1, seed, 0.05, 0.6)
    [found] = detections(perfect(batch_of(hand[None], HAND)))
    wanted = pose_crop(hand[0] * S - 0.5, ROI)
    assert found.box.centre_px == pytest.approx(wanted.centre_px, abs=0.05)
    assert found.box.size_px[0] == pytest.approx(wanted.size_px[0], rel=1e-3)
    turn = found.box.angle_rad - wanted.angle_rad
    assert np.cos(turn) == pytest.approx(1.0, abs=1e-5)
    assert found.side == "right"


def test_every_hand_of_both_sides_is_found():
    hands = some_hands(4, 3, 0.08, 0.12)
    hands += -hands.mean(axis=1, keepdims=True) + np.array([[0.15, 0.2], [0.6, 0.2], [0.2, 0.65], [0.7, 0.7]])[:, None]
    batch = batch_of(hands[None], HAND)
    batch.right = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    found = detections(perfect(batch))
    assert len(found) == 4
    for hand, right in zip(hands, (1, 0, 1, 0), strict=True):
        crop = pose_crop(hand * S - 0.5, ROI)
        best = max(found, key=lambda detection: box_overlap(detection.box, crop))
        assert box_overlap(best.box, crop) > 0.97
        assert (best.right_probability > 0.5) == bool(right)


def test_nothing_is_found_where_nothing_is():
    assert detections(perfect(batch_of(some_hands(1)[None], NOTHING))) == []
    assert detections(perfect(batch_of(some_hands(1)[None], DOUBTFUL))) == []


def test_doubtful_hands_teach_neither_way():
    hand = some_hands(1, 5, 0.3, 0.4)[None]
    doubtful, nothing = (targets(batch_of(hand, state), ROI, GRID) for state in (DOUBTFUL, NOTHING))
    cell = int((squares(torch.from_numpy(hand), ROI).centre[0, 0] * GRID).floor() @ torch.tensor([1.0, GRID]).double())
    assert doubtful.counts[0, cell] == 0
    assert nothing.counts.min() == 1
    assert doubtful.weight.sum() == 0
    said = torch.full((1, GRID * GRID), -8.0)
    said[0, cell] = 8.0
    assert score_loss(said, nothing) > 1.0
    assert score_loss(said, doubtful) < 0.01


def test_losses_are_least_at_the_truth():
    batch = batch_of(some_hands(6, 2).reshape(3, 2, 21, 2), HAND)
    wanted, values = targets(batch, ROI, GRID), perfect(batch)
    right = place_losses(values[..., 1:], wanted, GRID)
    assert all(float(value) < 0.01 for value in right.values())
    for name, column in (("centre", 1), ("size", 3), ("axis", 5), ("side", 8)):
        wrong = values.clone()
        wrong[..., column] = 1.0 - 9.0 * wrong[..., column]
        assert float(place_losses(wrong[..., 1:], wanted, GRID)[name]) > 0.1, name
    assert score_loss(torch.zeros(3, GRID * GRID), wanted) > 10 * score_loss(values[..., 0], wanted)


def test_a_batch_without_hands_has_finite_losses_and_gradients():
    task, batch = LocaliserTask(HandLocaliser("s", 64)), batch_of(np.zeros((2, 3, 21, 2)), NOTHING)
    batch.images = torch.rand(2, 3, 64, 64)
    losses = task.loss(task.network, batch, 0)
    losses["loss"].backward()
    assert all(torch.isfinite(value) for value in losses.values())
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in task.network.parameters())


def test_one_image_is_learnt_by_heart():
    torch.manual_seed(0)
    task = LocaliserTask(HandLocaliser("s", 64))
    batch = batch_of(some_hands(2, 1, 0.3, 0.4)[:, None], HAND)
    batch.images = torch.rand(2, 3, 64, 64)
    optimiser = torch.optim.Adam(task.network.parameters(), 3e-3)
    first = float(task.loss(task.network, batch, 0)["loss"].detach())
    for _ in range(40):
        loss = task.loss(task.network, batch, 0)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.3 * first


def detection(x, score, right=None, size=20.0) -> Detection:
    return Detection(square_box((x, 50.0), size), score, right)


def test_figures_counted_by_hand():
    figures = DetectionFigures()
    hand, doubt = TrueHand(square_box((50, 50), 20), 1.0), TrueHand(square_box((80, 50), 20), 0.0, sure=False)
    figures.add([detection(50, 0.9, 0.8), detection(80, 0.8), detection(20, 0.6)], [hand, doubt])
    figures.add([detection(52, 0.7, 0.2), detection(51, 0.3, 0.9)], [hand])
    figures.add([], [hand])
    figures.add([detection(50, 0.4)], [])
    figures.add([], [])
    found = figures.figures()
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["precision"] == pytest.approx(2 / 3)  # the doubtful one does not count
    assert found["false_positive_images"] == 0
    assert figures.figures(0.35)["false_positive_images"] == 0.5
    assert found["threshold_1_in_200"] == pytest.approx(0.4)
    assert found["recall_1_in_200"] == pytest.approx(2 / 3)
    assert found["side"] == 0.5
    assert found["turn_deg"] == pytest.approx(0)


def test_images_without_hands_of_all_stores_set_one_threshold():
    hand, parts = TrueHand(square_box((50, 50), 20), 1.0), {name: DetectionFigures() for name in ("a", "b", "none")}
    for score in (0.9, 0.6, 0.3):
        parts["a"].add([detection(50, score)], [hand])
    for number in range(400):
        parts["a" if number < 100 else "b"].add([detection(50, 0.001 * number)], [])
    parts["b"].add([detection(50, 0.8)], [])
    found = pooled(parts, 0.35)
    assert found["empty_images"] == 401
    assert found["threshold_1_in_200"] == pytest.approx(0.398)  # 0.8 and 0.399 are the two of 401 that may exceed it
    assert found["false_positive_images"] == pytest.approx(51 / 401)
    assert found["recall_1_in_200"]["a"] == pytest.approx(2 / 3)
    assert np.isnan([found["recall_1_in_200"][name] for name in ("b", "none")]).all()
    assert np.isnan(pooled({"none": DetectionFigures()})["threshold_1_in_200"])


def test_average_precision():
    assert average_precision(np.array([0.9, 0.8]), np.array([True, True]), 2) == pytest.approx(1.0)
    assert average_precision(np.array([0.9, 0.8]), np.array([False, True]), 1) == pytest.approx(0.5)
    assert average_precision(np.array([0.9, 0.8]), np.array([True, False]), 2) == pytest.approx(0.5)
    assert np.isnan(average_precision(np.array([]), np.array([], bool), 0))


def test_validate_of_a_perfect_network_is_perfect():
    batch = batch_of(some_hands(4, 7, 0.15, 0.25)[:, None], HAND)
    network = HandLocaliser("s", S)
    network.values = lambda images: perfect(batch)
    figures = LocaliserTask(network).validate(network, [batch])
    assert figures["recall"] == figures["average_precision"] == figures["side"] == 1.0
    assert figures["recall_rendered"] == 1.0


def test_a_training_that_begins_from_another_forgets_its_threshold():
    task = LocaliserTask(HandLocaliser("s", 64))
    task.network.score_shift.fill_(-2.0)
    task.begun()
    assert not task.network.score_shift.any()


def test_wrong_sources_and_weights_are_named():
    task = LocaliserTask(HandLocaliser("s", 64))
    with pytest.raises(ValueError, match="crops"):
        task.source({"crops": {}}, 0, Stores(Path()))
    with pytest.raises(ValueError, match="sides"):
        LocaliserTask(HandLocaliser("s", 64), sides=1.0)


def test_best_scores_are_of_images_without_hands(tmp_path):
    write_description(tmp_path, {"format": FRAMES, "size": 64, "sources": ["one"]})
    rows = [frame_row(np.full((48, 64, 3), value, np.uint8), (), 64, 0) for value in (0, 200)]
    write_shard(tmp_path, 0, stacked(rows))
    scores = best_scores(HandLocaliser("s", 64).eval(), FrameStore(tmp_path))
    assert scores.shape == (2,)
    assert scores[0] != scores[1]
    write_shard(
        tmp_path, 1, stacked([frame_row(np.zeros((48, 64, 3), np.uint8), [(np.ones((21, 2)), HAND, 1.0)], 64, 0)])
    )
    with pytest.raises(ValueError, match="negatives"):
        best_scores(HandLocaliser("s", 64).eval(), FrameStore(tmp_path))


def test_the_shift_puts_a_half_where_few_exceed_it():
    scores = torch.linspace(0.001, 0.9, 400)
    shifted = torch.sigmoid(torch.logit(scores) + shift_for(scores, 1 / 200))
    assert int((shifted > 0.5 + 1e-5).sum()) == 2
    assert float(shifted[-3]) < 0.5 < float(shifted[-2])
    assert shift_for(torch.full((100,), 0.5), 0.01) == pytest.approx(0.0, abs=1e-6)
