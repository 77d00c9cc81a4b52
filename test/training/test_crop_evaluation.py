"""The evaluator of crops against answers that are known: perfect ones, shifted ones, blind ones."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")

from hand_pose_ros.kinematics import normalize
from hand_pose_ros.training.crop_evaluation import evaluate_crops, flat
from hand_pose_ros.training.crop_evaluation_errors import crop_errors
from hand_pose_ros.training.crop_evaluation_views import mirrored_answer, turned
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.mean_hand import mean_hand

SIZE = 32
FOCAL = 2.0  # crop widths


@pytest.fixture(scope="module")
def batch():
    """Hands before a camera whose principal point is off the crop; one pixel of each image says which hand it is."""
    random = torch.Generator().manual_seed(0)
    count = 12
    hands = [mean_hand(0.1 * row, tilt=0.2 * row, roll=0.5 * row) for row in range(count)]
    joints = torch.from_numpy(np.stack([normalize(hand)[0] for hand in hands])).float()
    scale = 0.08 + 0.02 * torch.rand(count, generator=random)
    root = torch.tensor([0.10, -0.05, 0.9]) + 0.02 * torch.randn(count, 3, generator=random)
    camera = torch.tensor([[FOCAL, 0.0, 0.3], [0.0, FOCAL, 0.6], [0.0, 0.0, 1.0]]).repeat(count, 1, 1)
    metres = root[:, None] + scale[:, None, None] * joints
    seen = metres @ camera.transpose(1, 2)
    present = torch.ones(count)
    present[-2:] = 0.0
    hand = present[:, None].expand(count, 21)
    return HandBatch(
        images=torch.rand(count, 3, SIZE, SIZE, generator=random), keypoints=seen[..., :2] / seen[..., 2:],
        keypoint_weight=hand.clone(), visible=hand.clone(), joints=joints, joint_weight=hand.clone(), root=root,
        hand_scale=scale, camera=camera, right=(torch.arange(count) % 2).float(), present=present,
        segments=torch.zeros(count, SIZE, SIZE, dtype=torch.uint8), real=(torch.arange(count) % 3 == 0).float(),
    )  # fmt: skip


class Knowing:
    """Answers from labels by the mean colour of the image, which survives turning by right angles and mirroring."""

    def __init__(self, views, **changes):
        self._views, self._changes = views, changes

    def __call__(self, images):
        rows = [self._row(image) for image in images]
        answer = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        return {name: self._changes.get(name, lambda value: value)(value) for name, value in answer.items()}

    def _row(self, image):
        for view in self._views:
            same = (view.images - image).abs().flatten(1).amax(dim=1)
            if same.min() < 1e-4:
                row = int(same.argmin())
                return {
                    "keypoints": view.keypoints[row], "joints": view.joints[row], "presence": view.present[row],
                    "right": view.right[row], "keypoint_stddev": torch.full((21,), 0.02),
                }  # fmt: skip
        raise AssertionError("an image that was not in the batch")


def value(figures, name):
    return figures["all"][name]["value"]


def test_a_perfect_answer_has_no_error(batch):
    figures = evaluate_crops(Knowing([batch]), [batch], sections=("source",), absolute=True)
    assert value(figures, "error_2d") == pytest.approx(0.0, abs=1e-6)
    assert (value(figures, "pck_0.1"), value(figures, "side"), value(figures, "sigma_pixel")) == (1.0, 1.0, 1.0)
    for name in ("joints", "aligned_mm", "relative_mm"):
        assert value(figures, name) == pytest.approx(0.0, abs=1e-4)
    assert value(figures, "absolute_mm") < 3.0  # of 900: the skeleton fit has an opinion about bone lengths
    assert (value(figures, "presence_f1"), value(figures, "presence_auc")) == (1.0, 1.0)
    assert set(figures["source"]) == {"rendered", "real"}


def test_a_shift_is_measured_in_sides_of_the_hands_box(batch):
    shift = torch.tensor([0.03, 0.04])
    figures = evaluate_crops(Knowing([batch], keypoints=lambda k: k + shift), [batch], sections=())
    hands = batch.present > 0.5
    sides = (batch.keypoints[hands].amax(dim=1) - batch.keypoints[hands].amin(dim=1)).amax(dim=1)
    assert value(figures, "error_2d") == pytest.approx(float((0.05 / sides).mean()), rel=1e-5)
    assert value(figures, "pck_0.1") == pytest.approx(float((0.05 / sides <= 0.1).float().mean()))
    assert value(figures, "sigma_pixel") == 0.0  # 0.03 and 0.04 against 0.02
    low, high = (figures["all"]["error_2d"][name] for name in ("low", "high"))
    assert low < value(figures, "error_2d") < high


def test_one_sided_deviation_covers_half(batch):
    figures = evaluate_crops(Knowing([batch], keypoints=lambda k: k + torch.tensor([0.03, 0.0])), [batch], ())
    assert value(figures, "sigma_pixel") == 0.5


def test_size_and_place_of_joints_do_not_count_but_their_rotation_does(batch):
    angle = math.radians(30)
    turn = torch.tensor([[1, 0, 0], [0, math.cos(angle), -math.sin(angle)], [0, math.sin(angle), math.cos(angle)]])
    moved = evaluate_crops(Knowing([batch], joints=lambda j: 3.0 * j + 1.0), [batch], ())
    assert value(moved, "joints") == pytest.approx(0.0, abs=1e-5)
    figures = evaluate_crops(Knowing([batch], joints=lambda j: j @ turn.T.float()), [batch], ())
    hands = batch.present > 0.5
    truth = batch.joints[hands]
    expected = (truth @ turn.T.float() - truth).norm(dim=2).mean()
    assert value(figures, "joints") == pytest.approx(float(expected), rel=1e-4)
    assert value(figures, "aligned_mm") == pytest.approx(0.0, abs=1e-3)
    truth = truth - truth[:, :1]
    metres = 1e3 * batch.hand_scale[hands, None] * (truth @ turn.T.float() - truth).norm(dim=2)
    assert value(figures, "relative_mm") == pytest.approx(float(metres.mean()), rel=1e-4)


def test_depth_and_keypoints_stand_for_joints(batch):
    far = turned(batch, 0.0)
    far.root = batch.root * torch.tensor([1.0, 1.0, 1e3])  # seen from afar, perspective is gone
    far.keypoints = 0.5 + 0.2 * batch.joints[..., :2]
    network = Knowing([far])

    def relief(images):
        answer = network(images)
        joints = answer.pop("joints")
        return answer | {"depth": 0.2 * joints[..., 2]}

    assert value(evaluate_crops(relief, [far], ()), "joints") == pytest.approx(0.0, abs=1e-5)


def test_masked_keypoints_and_unknown_sides_do_not_count(batch):
    masked = turned(batch, 0.0)
    masked.keypoint_weight = masked.keypoint_weight.clone()
    masked.keypoint_weight[:, 5] = 0.0
    masked.right = torch.full_like(batch.right, math.nan)

    def wrong(keypoints):
        return keypoints + torch.nn.functional.one_hot(torch.tensor(5), 21)[:, None] * 9.0

    network = Knowing([batch], keypoints=wrong)
    figures = evaluate_crops(network, [masked], ())
    assert value(figures, "error_2d") == pytest.approx(0.0, abs=1e-6)
    assert "side" not in figures["all"]


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 210.0])
def test_a_turned_crop_keeps_pixels_joints_and_camera_together(batch, degrees):
    view = turned(batch.rows(batch.present > 0.5), degrees)
    metres = view.root[:, None] + view.hand_scale[:, None, None] * view.joints
    seen = metres @ view.camera.transpose(1, 2)
    torch.testing.assert_close(seen[..., :2] / seen[..., 2:], view.keypoints, atol=1e-5, rtol=1e-5)
    assert float(view.camera[0, 0, 1]) == pytest.approx(0.0, abs=1e-6)


def test_pixels_turn_as_keypoints_do(batch):
    marked = turned(batch.rows(slice(0, 1)), 0.0)
    marked.images = torch.zeros(1, 3, SIZE, SIZE)
    marked.images[:, :, 4, 20] = 1.0
    marked.keypoints = torch.full((1, 21, 2), 0.5)
    marked.keypoints[:, 3] = torch.tensor([20.5, 4.5]) / SIZE
    for degrees in (90.0, 37.0):
        view = turned(marked, degrees)
        weight = view.images[0, 0] / view.images[0, 0].sum()
        at = (torch.arange(SIZE) + 0.5) / SIZE
        centre = torch.stack([(weight.sum(dim=0) * at).sum(), (weight.sum(dim=1) * at).sum()])
        torch.testing.assert_close(centre, view.keypoints[0, 3], atol=0.01, rtol=0)


def test_errors_grow_with_rotation_for_a_network_that_ignores_it(batch):
    blind = evaluate_crops(lambda images: Fixed(batch)(images), [batch], ("rotation",))["rotation"]
    assert blind["0"] == pytest.approx(0.0, abs=1e-6)
    assert blind["180"] > 0.3
    assert blind["worst_over_upright"] > 1.2


class Fixed:
    """The batch's own answers, whatever the images show."""

    def __init__(self, batch):
        self._batch = batch

    def __call__(self, images):
        keep = slice(0, len(images))
        return {
            "keypoints": self._batch.keypoints[keep], "presence": self._batch.present[keep],
            "right": self._batch.right[keep], "joints": self._batch.joints[keep],
        }  # fmt: skip


def test_a_network_that_knows_mirrors_swaps_sides_and_one_that_does_not_is_found_out(batch):
    from hand_pose_ros.training.image.pose_targets import mirrored

    reflection = mirrored(batch, torch.ones(len(batch), dtype=torch.bool))
    good = evaluate_crops(Knowing([batch, reflection]), [batch], ("mirrored",))["mirrored"]
    assert good["side_swapped"] == 1.0
    assert good["distance"] == pytest.approx(0.0, abs=1e-5)
    hands = batch.rows(batch.present > 0.5)
    bad = evaluate_crops(Fixed(hands), [hands], ("mirrored",))["mirrored"]
    assert bad["side_swapped"] == 0.0
    assert bad["distance"] > 0.1


def test_left_hands_are_shown_mirrored_to_networks_that_see_right_ones(batch):
    from hand_pose_ros.training.image.pose_targets import left_hands, mirrored

    shown = mirrored(batch, left_hands(batch))
    wrong_as_it_came = replace(batch, keypoints=batch.keypoints + left_hands(batch)[:, None, None])
    figures = evaluate_crops(Knowing([wrong_as_it_came, shown]), [batch], (), sees="right")
    assert value(figures, "error_2d") == pytest.approx(0.0, abs=1e-6)
    assert value(figures, "side") == 1.0
    assert value(figures, "joints") == pytest.approx(0.0, abs=1e-5)
    with pytest.raises(ValueError, match="sees is 'left'"):
        evaluate_crops(Knowing([shown]), [batch], (), sees="left")


def test_mirrored_answers_come_back_into_the_crop(batch):
    from hand_pose_ros.training.image.pose_targets import mirrored

    reflection = mirrored(batch, torch.ones(len(batch), dtype=torch.bool))
    back = mirrored_answer(Knowing([reflection]), batch)
    errors = crop_errors(back, batch)
    assert np.nanmax(errors.pixels) < 1e-5
    assert np.nanmax(errors.joints) < 1e-5


def test_flat_names_and_no_batches(batch):
    figures = flat(evaluate_crops(Knowing([batch]), [batch], ("source",)))
    assert figures["all/error_2d"] == pytest.approx(0.0, abs=1e-6)
    assert "source/real/pck_0.1" in figures
    with pytest.raises(ValueError, match="at least one batch"):
        evaluate_crops(Knowing([batch]), [])
