"""Crops change and their labels with them: what is drawn at a label is found at the moved label."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from hand_pose_ros.training.augmentation.crop_change import CropChange, changed
from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import AugmentationSettings

SIZE = 96
SETTINGS = AugmentationSettings(shift=0.1, scale=0.4, rotation_deg=180.0, mirror=0.5)


def change_of(count: int, seed: int = 3, settings: AugmentationSettings = SETTINGS) -> CropChange:
    return CropChange.random(count, settings, Draws(torch.Generator().manual_seed(seed)))


def one(batch, **values) -> CropChange:
    change = CropChange.none(len(batch), "cpu")
    return CropChange(**{**vars(change), **{name: torch.as_tensor(value) for name, value in values.items()}})


def dots(points: torch.Tensor, size: int) -> torch.Tensor:
    """(N, 3, size, size) with one round spot at each of points (N, 2), fractions."""
    axis = (torch.arange(size) + 0.5) / size
    distance = (axis - points[:, :1])[:, None] ** 2 + ((axis - points[:, 1:])[:, :, None]) ** 2
    return torch.exp(-0.5 * distance / 0.02**2)[:, None].repeat(1, 3, 1, 1)


def found(images: torch.Tensor) -> torch.Tensor:
    """(N, 2) centres of the spots, fractions."""
    mass, axis = images[:, 0], (torch.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    total = mass.sum(dim=(1, 2))
    return torch.stack([(mass.sum(1) * axis).sum(1) / total, (mass.sum(2) * axis).sum(1) / total], dim=1)


@pytest.mark.parametrize("size", [64, 96, 150])
def test_a_spot_drawn_at_a_keypoint_is_found_at_the_moved_keypoint(batch, size):
    points = 0.35 + 0.3 * torch.rand(21, 2, generator=torch.Generator().manual_seed(1))
    batch = batch.rows(torch.zeros(21, dtype=torch.long))
    batch.images, batch.keypoints = dots(points, SIZE), points[:, None].repeat(1, 21, 1)
    new = changed(batch, change_of(21), size, "zeros")
    inside = ((new.keypoints[:, 0] > 0.12) & (new.keypoints[:, 0] < 0.88)).all(dim=1)
    assert inside.sum() > 10
    error = (found(new.images) - new.keypoints[:, 0])[inside].abs().max()
    assert error < 0.15 / 64


def test_segments_move_with_the_picture(batch):
    batch.images = (batch.segments[:, None] == 5).float().repeat(1, 3, 1, 1)
    batch.images = functional.interpolate(batch.images, scale_factor=4, mode="nearest")
    batch.segments = (batch.images[:, 0] > 0.5).to(torch.uint8) * 5
    new = changed(batch, change_of(len(batch)), 160, "zeros")
    same = (new.segments == 5) == (new.images[:, 0] > 0.5)
    assert same.float().mean() > 0.97
    assert set(new.segments.unique().tolist()) == {0, 5}


def test_the_new_camera_sees_the_new_joints_at_the_new_keypoints(batch, projected):
    new = changed(batch, change_of(len(batch)), 32)
    assert (new.keypoints - batch.keypoints).abs().max() > 0.1
    torch.testing.assert_close(projected(new), new.keypoints, atol=2e-5, rtol=1e-4)


def test_joints_keep_their_shape_and_their_depth(batch):
    new = changed(batch, change_of(len(batch)), 32)
    torch.testing.assert_close(new.joints.norm(dim=2), batch.joints.norm(dim=2))
    torch.testing.assert_close(new.joints[..., 2], batch.joints[..., 2])
    torch.testing.assert_close(new.root[:, 2], batch.root[:, 2])


def test_a_crop_turned_clockwise_shows_what_is_on_its_right_on_top(batch):
    """Turned by 90 degrees, the crop's up is the picture's right."""
    batch.keypoints[:] = torch.tensor([0.9, 0.5])
    batch.joints[:] = torch.tensor([1.0, 0.0, 0.0])
    new = changed(batch, one(batch, angle=torch.full((len(batch),), math.pi / 2)), 32)
    torch.testing.assert_close(new.keypoints[0, 0], torch.tensor([0.5, 0.1]))
    torch.testing.assert_close(new.joints[0, 0], torch.tensor([0.0, -1.0, 0.0]), atol=1e-6, rtol=0)


def test_turned_three_times_by_120_degrees_labels_are_where_they_were(batch):
    turn, new = one(batch, angle=torch.full((len(batch),), 2 * math.pi / 3)), batch
    for _ in range(3):
        new = changed(new, turn, 48)
    for name in ("keypoints", "joints", "root", "camera"):
        torch.testing.assert_close(getattr(new, name), getattr(batch, name), atol=1e-4, rtol=1e-4)


def test_mirrored_twice_is_the_same(batch):
    mirror = one(batch, mirrored=torch.ones(len(batch), dtype=torch.bool))
    once = changed(batch, mirror, 48)
    torch.testing.assert_close(once.images, batch.images.flip(3), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(once.right, 1 - batch.right)
    torch.testing.assert_close(once.joints, batch.joints * torch.tensor([-1.0, 1.0, 1.0]))
    assert (once.camera[:, 0, 0] > 0).all()
    twice = changed(once, mirror, 48)
    for name, value in vars(batch).items():
        torch.testing.assert_close(getattr(twice, name), value, atol=1e-5, rtol=1e-5)


def test_half_the_side_about_a_corner_enlarges_that_quarter(batch):
    new = changed(batch, one(batch, side=0.5 * torch.ones(len(batch)), centre=torch.full((len(batch), 2), 0.25)), 24)
    torch.testing.assert_close(new.images, batch.images[:, :, :24, :24], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(new.keypoints, 2 * batch.keypoints)
    torch.testing.assert_close(new.camera[:, :2], 2 * batch.camera[:, :2])


def test_joints_that_leave_the_crop_are_hidden_but_known(batch):
    batch.visible[0] = math.nan
    new = changed(batch, one(batch, centre=torch.full((len(batch), 2), 0.9)), 48)
    gone = ((new.keypoints < 0) | (new.keypoints > 1)).any(dim=2)
    assert 0 < gone[1:].float().mean() < 1
    assert torch.equal(new.visible[1:], 1 - gone[1:].float())
    assert new.visible[0].isnan().all()
    assert torch.equal(new.keypoint_weight, batch.keypoint_weight)


def test_what_is_unlabelled_stays_zero_or_unknown(batch):
    batch.keypoint_weight[2, 3], batch.keypoints[2, 3] = 0.0, 0.0
    for name in ("root", "camera", "right"):
        getattr(batch, name)[1] = math.nan
    new = changed(batch, change_of(len(batch)), 32)
    assert (new.keypoints[2, 3] == 0).all()
    for name in ("root", "camera", "right"):
        assert getattr(new, name)[1].isnan().all(), name
        assert getattr(new, name)[0].isfinite().all(), name


def test_crops_that_skip_pixels_are_averaged_first(batch):
    stripes = (torch.arange(96) % 2).float()
    batch.images = stripes.expand(len(batch), 3, 96, 96).clone()
    new = changed(batch, CropChange.none(len(batch), "cpu"), 24)
    assert (new.images - 0.5).abs().max() < 1e-5
