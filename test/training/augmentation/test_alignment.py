"""Crops are brought to those of tracking: upright, about the hand's middle, of one size."""

from __future__ import annotations

import torch

from hand_pose_ros.hand import WRIST
from hand_pose_ros.training.augmentation.alignment import WHOLE_HAND, aligned
from hand_pose_ros.training.augmentation.crop_change import CropChange, changed
from hand_pose_ros.training.augmentation.settings import AugmentationSettings
from hand_pose_ros.training.hand_squares import squares
from hand_pose_ros.training.trainer.config import TrainConfig
from hand_pose_ros.training.trainer.preparation import Preparation
from hand_pose_ros.training.trainer.task import Task


def turned_hands(batch, degrees: float):
    """The batch's first hand, a fan of keypoints, turned about a place off the middle."""
    angle = torch.tensor(degrees).deg2rad()
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    fan = torch.rand(21, 2, generator=torch.Generator().manual_seed(2)) * 0.3 - torch.tensor([0.15, 0.35])
    fan[WRIST] = 0.0
    batch = batch.rows([0])
    batch.keypoints = (fan @ turn.T + torch.tensor([0.55, 0.6]))[None]
    batch.keypoint_weight, batch.present = torch.ones(1, 21), torch.ones(1)
    return batch


def upright_box(keypoints):
    """Roll in radians, middle and size of the hands' squares."""
    square = squares(keypoints[:, None], WHOLE_HAND)
    along = square.axis[:, 0, 1] - square.axis[:, 0, 0]
    return torch.atan2(along[:, 0], -along[:, 1]), square.centre[:, 0], square.size[:, 0]


def aligned_crop(batch, share: float):
    settings = AugmentationSettings(aligned=share, aligned_side=1.6)
    return changed(batch, aligned(CropChange.none(len(batch), "cpu"), batch, settings), 64)


def test_aligned_hands_are_upright_centred_and_of_one_size(batch):
    for degrees in (-160.0, -30.0, 0.0, 75.0):
        keypoints = aligned_crop(turned_hands(batch, degrees), 1.0).keypoints
        angle, middle, extent = upright_box(keypoints)
        assert angle.abs() < 1e-4
        assert torch.allclose(middle, torch.full((1, 2), 0.5), atol=1e-4)
        assert abs(float(extent) - 1 / 1.6) < 1e-4
        along = keypoints[:, [5, 9, 9, 13]].mean(1) - keypoints[:, WRIST]
        assert float(along[0, 1]) < 0.0  # y grows downwards


def test_half_the_way_leaves_half_the_roll(batch):
    hand = turned_hands(batch, 40.0)
    before = upright_box(hand.keypoints)[0]
    after = upright_box(aligned_crop(hand, 0.5).keypoints)[0]
    assert torch.allclose(after, 0.5 * before, atol=1e-4)


def test_crops_without_a_hand_or_with_unknown_keypoints_stay(batch):
    absent, partial = turned_hands(batch, 40.0), turned_hands(batch, 40.0)
    absent.present = torch.zeros(1)
    partial.keypoint_weight[0, 3] = 0.0
    for hand in (absent, partial):
        known = hand.keypoint_weight[0] > 0
        assert torch.allclose(aligned_crop(hand, 1.0).keypoints[0, known], hand.keypoints[0, known], atol=1e-6)


def test_held_back_crops_are_cut_as_the_training_ones_are(batch):
    config = TrainConfig("x", size=64, augmentation={"aligned": 1.0, "rotation_deg": 30.0})
    prepare = Preparation(Task(torch.nn.Linear(1, 1)), config, "cpu")
    keypoints = prepare(turned_hands(batch, 50.0), 0, augment=False).keypoints
    assert upright_box(keypoints)[0].abs() < 1e-4
    assert upright_box(prepare(turned_hands(batch, 50.0), 0).keypoints)[0].abs() > 1e-3
