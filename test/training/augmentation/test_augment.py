"""The whole augmentation and its parts: reproducible, in range, and each part does what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from hand_pose_ros.training.augmentation import AugmentationSettings, augment
from hand_pose_ros.training.augmentation.background import before_backgrounds, replaceable, soft_mask, textures
from hand_pose_ros.training.augmentation.colour import LUMA, colour_matrix, coloured
from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.jpeg import cosine_basis, quantised
from hand_pose_ros.training.augmentation.occlusion import OBJECT, occluded
from hand_pose_ros.training.augmentation.sensor import blurred, coarsened, filtered, gaussians, noisy
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT

STRONG = AugmentationSettings(
    mirror=0.5, background=1.0, occlusion=1.0, gamma=1.0, grey=0.2, blur=1.0, coarse=0.5, noise=1.0, jpeg=1.0,
    rotation_deg=180.0,
)  # fmt: skip
NOTHING = AugmentationSettings(
    shift=0.0, scale=0.0, rotation_deg=0.0, background=0.0, occlusion=0.0, brightness=0.0, contrast=0.0,
    saturation=0.0, hue=0.0, tint=0.0, gamma=0.0, grey=0.0, blur=0.0, coarse=0.0, noise=0.0, jpeg=0.0,
)  # fmt: skip


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(seed: int = 0) -> Draws:
    return Draws(generator(seed))


def test_everything_at_once_stays_in_range_and_in_shape(batch):
    new = augment(batch, STRONG, generator(), 40)
    assert new.images.shape == (6, 3, 40, 40)
    assert new.segments.shape == (6, 40, 40)
    assert new.segments.dtype == torch.uint8
    assert new.images.min() >= 0
    assert new.images.max() <= 1
    for name, value in vars(new).items():
        assert value.isfinite().all() if value.is_floating_point() else True, name
        assert len(value) == 6, name


def test_the_same_generator_gives_the_same_batch_and_another_one_another(batch):
    first, again, other = (augment(batch, STRONG, generator(seed), 40) for seed in (7, 7, 8))
    for name, value in vars(first).items():
        assert torch.equal(value, getattr(again, name)), name
    assert not torch.equal(first.images, other.images)
    assert not torch.equal(first.keypoints, other.keypoints)


def test_the_batch_that_is_given_is_not_changed(batch):
    kept = batch.each(torch.clone)
    augment(batch, STRONG, generator(), 48)
    for name, value in vars(kept).items():
        assert torch.equal(value, getattr(batch, name)), name


def test_without_settings_or_with_all_at_zero_the_crop_is_only_resized(batch):
    plain, idle = augment(batch, None, generator(), 48), augment(batch, NOTHING, generator(), 48)
    for new in (plain, idle):
        for name, value in vars(batch).items():
            torch.testing.assert_close(getattr(new, name), value, atol=1e-5, rtol=1e-5, msg=name)
    assert augment(batch, None, generator(), 24).images.shape[-1] == 24


def test_wrong_settings_sizes_and_devices_are_refused(batch):
    with pytest.raises(ValueError, match=r"rotation_deg is 400\.0"):
        AugmentationSettings(rotation_deg=400.0)
    with pytest.raises(ValueError, match="border is 'mirror'"):
        AugmentationSettings(border="mirror")
    with pytest.raises(ValueError, match="crops of 4 pixels"):
        augment(batch, None, generator(), 4)


def test_rows_are_chosen_with_the_wanted_share():
    some = draws()
    counts = [len(some.rows(10, 0.25)) for _ in range(400)]
    assert set(counts) == {2, 3}
    assert sum(counts) / 4000 == pytest.approx(0.25, abs=0.01)
    assert len(some.rows(10, 0.0)) == 0
    assert sorted(some.rows(10, 1.0).tolist()) == list(range(10))


def test_factors_are_as_likely_above_one_as_below():
    factors = draws().factor(4000, most=0.5)
    assert factors.min() >= 1 / 1.5 - 1e-6
    assert factors.max() <= 1.5 + 1e-6
    assert (factors > 1).float().mean() == pytest.approx(0.5, abs=0.03)


def test_hue_turns_leave_grey_alone_and_a_third_of_a_turn_exchanges_channels():
    third = colour_matrix(torch.ones(1, 3), torch.ones(1), torch.tensor([1 / 3]))[0]
    torch.testing.assert_close(third @ torch.ones(3), torch.ones(3))
    torch.testing.assert_close(third @ torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0)


def test_without_saturation_pixels_are_their_luma():
    matrix = colour_matrix(torch.ones(1, 3), torch.zeros(1), torch.zeros(1))[0]
    pixel = torch.tensor([0.2, 0.6, 0.9])
    torch.testing.assert_close(matrix @ pixel, pixel.dot(torch.tensor(LUMA)).expand(3))


def test_contrast_keeps_the_mean_and_brightness_scales_it(batch):
    images = 0.3 + 0.4 * batch.images
    contrast = coloured(images.clone(), replace(NOTHING, contrast=0.5), draws())
    torch.testing.assert_close(contrast.mean(dim=(2, 3)), images.mean(dim=(2, 3)), atol=0.02, rtol=0)
    ratio = contrast.std(dim=(1, 2, 3)) / images.std(dim=(1, 2, 3))
    assert ratio.max() > 1.1
    assert ratio.min() < 0.9
    bright = coloured(images.clone(), replace(NOTHING, brightness=0.2), draws())
    gains = bright / images
    torch.testing.assert_close(gains.flatten(1).amax(dim=1), gains.flatten(1).amin(dim=1), atol=1e-4, rtol=0)
    assert gains.std() > 0.02


def test_grey_rows_have_no_colour_and_gamma_keeps_black_and_white(batch):
    grey = coloured(batch.images.clone(), replace(NOTHING, grey=1.0), draws())
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).repeat(4, 3, 8, 4)
    torch.testing.assert_close(coloured(ends.clone(), replace(NOTHING, gamma=1.0), draws()), ends, atol=0.01, rtol=0)


def test_kernels_blur_along_their_angle_only():
    kernel = gaussians(torch.tensor([2.0]), torch.tensor([0.3]), torch.tensor([0.0]))
    assert float(kernel.sum()) == pytest.approx(1.0)
    spot = torch.zeros(1, 3, 15, 15)
    spot[..., 7, 7] = 1.0
    smeared = filtered(spot, kernel)[0, 0]
    assert smeared[7, 9] > 0.05
    assert smeared[9, 7] < 1e-4
    assert float(smeared.sum()) == pytest.approx(1.0, abs=1e-5)


def test_blur_coarseness_and_noise_change_the_rows_they_should(batch):
    images = batch.images
    soft = blurred(images.clone(), replace(NOTHING, blur=1.0), draws())
    assert (soft.std(dim=(1, 2, 3)) < images.std(dim=(1, 2, 3))).all()
    coarse = coarsened(images.clone(), replace(NOTHING, coarse=1.0), draws())
    assert (coarse.diff(dim=3).abs().mean(dim=(1, 2, 3)) < 0.5 * images.diff(dim=3).abs().mean(dim=(1, 2, 3))).all()
    grey = torch.full_like(images, 0.5)
    noise = noisy(grey.clone(), replace(NOTHING, noise=0.5, noise_level=0.1), draws()) - grey
    assert [bool(row.abs().max() > 0) for row in noise].count(True) == 3
    assert noise.std() < 0.1
    assert noise.mean().abs() < 0.01


def test_the_cosine_transform_is_lossless_but_for_the_rounding(batch):
    basis = cosine_basis("cpu")
    torch.testing.assert_close(basis @ basis.T, torch.eye(8), atol=1e-6, rtol=0)
    images = batch.images[..., :44, :44]  # not a multiple of the block
    torch.testing.assert_close(quantised(images, torch.full((6,), 1e-4)), images, atol=1e-3, rtol=0)
    fine, coarse = (quantised(images, torch.full((6,), level)).sub(images).abs().mean() for level in (0.3, 2.5))
    assert 0 < fine < coarse < 0.3


def with_disc(batch):
    """The batch with a square hand, 1 in picture and mask, on black."""
    batch.images, batch.segments = torch.zeros_like(batch.images), torch.zeros_like(batch.segments)
    batch.images[:, :, 16:32, 16:32], batch.segments[:, 16:32, 16:32] = 1.0, 1
    return batch


def test_backgrounds_change_behind_the_mask_only(batch):
    batch = with_disc(batch)
    images = before_backgrounds(batch, replace(NOTHING, background=1.0, blend=0.0), draws())
    assert (images[:, :, 18:30, 18:30] == 1).all()
    assert (images[:, :, :12].mean(dim=(1, 2, 3)) > 0.02).all()
    assert (images[:, :, :12].std(dim=(2, 3)) > 0.005).all()
    assert (batch.images[:, :, :12] == 0).all()


def test_photographs_stand_behind_some_hands(batch):
    red = torch.zeros(2, 3, 30, 30, dtype=torch.uint8)
    red[:, 0] = 255
    batch = with_disc(batch).rows(torch.arange(6).repeat(10))
    images = before_backgrounds(batch, replace(NOTHING, background=1.0, blend=0.0), draws(), red)
    red_rows = ((images[:, 0, :12] > 0.99) & (images[:, 1:, :12] < 0.01).all(dim=1)).all(dim=(1, 2))
    assert 0.3 < red_rows.float().mean() < 0.9


def test_hands_without_a_mask_and_crops_without_a_hand_keep_their_background(batch):
    batch.segments[0, 3, 4] = UNKNOWN_SEGMENT
    batch.present[1] = 0.0
    batch.segments[2] = 0
    assert replaceable(batch).tolist() == [False, False, False, True, True, True]
    images = before_backgrounds(batch, replace(NOTHING, background=1.0), draws())
    assert torch.equal(images[:3], batch.images[:3])
    assert not torch.equal(images[3:], batch.images[3:])


def test_masks_are_soft_at_their_edge_and_textures_are_colourful(batch):
    mask = soft_mask(with_disc(batch).segments)
    assert mask[0, 0, 20, 20] == 1
    assert 0 < float(mask[0, 0, 15, 20]) < 1
    assert mask[0, 0, 10, 10] == 0
    drawn = textures(8, 32, draws())
    assert drawn.std(dim=(2, 3)).min() > 0.01
    assert (drawn[:, 0] - drawn[:, 1]).abs().mean() > 0.05


def test_patches_hide_the_keypoints_they_cover_and_no_others(batch):
    batch.keypoints = 0.2 + 0.6 * torch.rand(6, 21, 2, generator=generator())
    batch.images, batch.segments = torch.full_like(batch.images, -1.0), torch.zeros_like(batch.segments)
    batch.visible[5] = math.nan
    new = occluded(batch, replace(NOTHING, occlusion=1.0), draws())
    patch = new.images[:, 0] >= 0
    assert torch.equal(new.segments == OBJECT, patch)
    assert patch.flatten(1).any(dim=1).sum() >= 4
    pixel = (batch.keypoints * 48).long()
    covered = torch.stack([patch[row, pixel[row, :, 1], pixel[row, :, 0]] for row in range(6)])
    agreement = (covered[:5] == (new.visible[:5] == 0)).float().mean()
    assert agreement > 0.97  # a keypoint on the patch's edge may differ from its pixel
    assert (new.visible[:5] == 0).any()
    assert new.visible[5].isnan().all()
