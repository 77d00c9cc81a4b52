"""``augment``: training crops changed at random on the device they lie on, their labels with them."""

from __future__ import annotations

from dataclasses import replace

import torch

from hand_pose_ros.training.augmentation.alignment import aligned
from hand_pose_ros.training.augmentation.background import before_backgrounds
from hand_pose_ros.training.augmentation.colour import coloured
from hand_pose_ros.training.augmentation.crop_change import CropChange, changed
from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.jpeg import compressed
from hand_pose_ros.training.augmentation.occlusion import occluded
from hand_pose_ros.training.augmentation.sensor import blurred, coarsened, noisy
from hand_pose_ros.training.augmentation.settings import BORDER, AugmentationSettings
from hand_pose_ros.training.hand_batch import HandBatch


def cut(batch: HandBatch, settings: AugmentationSettings, size: int) -> HandBatch:
    """Crops of ``size`` pixels without anything random: ``settings.aligned`` with those of tracking, else as stored."""
    change = aligned(CropChange.none(len(batch), batch.images.device), batch, settings)
    return changed(batch, change, size, BORDER)


def augment(
    batch: HandBatch,
    settings: AugmentationSettings | None,
    generator: torch.Generator,
    size: int,
    photographs: torch.Tensor | None = None,
) -> HandBatch:
    """Crops of ``size`` pixels out of the stored ones, on the batch's device, which must be the generator's.

    Without settings: resized, nothing else. ``photographs`` (P, 3, H, W) may stand behind cut-out hands. The batch
    given is not changed. ValueError for a size below 8 or a generator of another device.
    """
    if size < 8:
        raise ValueError(f"crops of {size} pixels: give at least 8")
    if settings is None:
        return cut(batch, AugmentationSettings(), size)
    if generator.device.type != batch.images.device.type:
        raise ValueError(f"generator on {generator.device}, batch on {batch.images.device}: give one device")
    draws = Draws(generator)
    change = aligned(CropChange.random(len(batch), settings, draws), batch, settings)
    batch = changed(batch, change, size, settings.border)
    batch = replace(batch, images=before_backgrounds(batch, settings, draws, photographs))
    batch = occluded(batch, settings, draws)
    images = coloured(batch.images, settings, draws)
    # In the order in which a camera does it: lens and motion, then pixels, their noise, and the file.
    for change in (blurred, coarsened, noisy, compressed):
        images = change(images, settings, draws)
    return replace(batch, images=images)
