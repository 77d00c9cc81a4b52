"""Training crops changed at random, on the training device: place, colour, sensor, background, occlusion."""

from hand_pose_ros.training.augmentation.augment import augment, cut
from hand_pose_ros.training.augmentation.settings import AugmentationSettings

__all__ = ["AugmentationSettings", "augment", "cut"]
