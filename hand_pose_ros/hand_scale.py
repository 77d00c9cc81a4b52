"""Hand scale, the wrist-to-middle-MCP length in metres: from a population, a ruler, a known distance or a depth image.

Where the prior comes from (docs/geometry.md has the arithmetic):
- Hand length of 4082 men 193.3 +- 10.0 mm and 1986 women 181.1 +- 10.1 mm (ANSUR II, Gordon et al. 2014, Natick
  TR-15/007; computed from its public table). Half men, half women: 187.2 +- 11.7 mm; palm length 112.6 +- 7.2 mm.
- Wrist, middle MCP, PIP, DIP and tip make up 0.99 of it (Buchholz, Armstrong and Goldstein 1992), and the first of
  these four lengths 1 / 1.94 of their sum, as keypoints go: MediaPipe's world landmarks on 660 photographs. 95.5 mm.
- Anatomy alone gives less: 83.5 mm from the wrist's crease (Buchholz), 91.8 mm from the radius (Buryanov and Kotiuk
  2010, Youm et al. 1978). Annotators put the wrist deeper; their convention is what networks learn, and what counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT, WRIST, HandScale, Lift
from hand_pose_ros.lifted_placement import placement

POPULATION_PRIOR = HandScale(0.0955, 0.0065, "prior")
# Between joints' centres, where a lifter places them (training/lifting/joint_definition.py): mean and deviation over
# the renderer's adult hands, whose lengths are ANSUR II's. Their wrist lies deeper than where people mark it.
JOINT_CENTRES_PRIOR = HandScale(0.100, 0.0068, "prior")

# By ruler, between joints' centres: what the default model follows. Keypoints of other models lie 4.5 % nearer.
_PER_HAND_LENGTH, _PER_PALM_LENGTH = 0.100 / 0.1872, 0.100 / 0.1126
_HAND_RATIO_STDDEV = 0.020  # relative; Buchholz 1992: hand length explains about 90 % of the variance of 6.2 %
_PALM_RATIO_STDDEV = 0.033  # relative; palm length over hand length in ANSUR II
_DEFINITION_STDDEV = 0.022  # relative; share of the chain by source of photographs: 1.88 to 2.01
_RULER_STDDEV_M = 0.0015
_UNIT_M = 0.1  # any scale: depth is proportional to it
_FEWEST_DEPTHS = 6
# Half the thickness of the hand: 36 mm at the wrist, 26 at the base of the fingers, 17 to 13 along them.
_SKIN_TO_JOINT_M = np.array([0.018, 0.013, 0.011, 0.009, 0.007] + 4 * [0.013, 0.0085, 0.0075, 0.0065])
_SKIN_STDDEV_M = 0.004


@dataclass(frozen=True)
class HandScales:
    """The scale of the person's left and right hand; both start at the population's prior."""

    left: HandScale = POPULATION_PRIOR
    right: HandScale = POPULATION_PRIOR

    def of(self, handedness: str) -> HandScale:
        """The scale of the ``left`` or ``right`` hand."""
        if handedness not in (LEFT, RIGHT):
            raise ValueError(f"handedness {handedness!r}: give 'left' or 'right'")
        return self.left if handedness == LEFT else self.right

    def with_scale(self, scale: HandScale, side: str | None = None) -> HandScales:
        """A copy in which ``side``, or both when it is None, has ``scale``."""
        if side not in (None, LEFT, RIGHT):
            raise ValueError(f"side {side!r}: give 'left', 'right' or None for both")
        return HandScales(scale, scale) if side is None else replace(self, **{side: scale})


def scale_from_palm_length(palm_length_m: float, stddev_m: float | None = None) -> HandScale:
    """From a measured palm length: wrist crease to crease at the base of the middle finger, hand flat (0.05-0.16 m).

    ``stddev_m`` is the deviation of the measurement itself, 1.5 mm when None; those of the proportions are added.
    """
    return _from_ruler("palm", palm_length_m, (0.05, 0.16), _PER_PALM_LENGTH, _PALM_RATIO_STDDEV, stddev_m)


def scale_from_hand_length(hand_length_m: float, stddev_m: float | None = None) -> HandScale:
    """From a measured hand length: wrist crease to the tip of the middle finger, hand flat (0.1-0.3 m).

    ``stddev_m`` as in ``scale_from_palm_length``.
    """
    return _from_ruler("hand", hand_length_m, (0.10, 0.30), _PER_HAND_LENGTH, _HAND_RATIO_STDDEV, stddev_m)


def _from_ruler(name, length_m, limits, ratio, ratio_stddev, stddev_m) -> HandScale:
    if not (np.isfinite(length_m) and limits[0] <= length_m <= limits[1]):
        raise ValueError(f"{name} length {length_m} m: give {limits[0]} to {limits[1]} metres")
    measured = _RULER_STDDEV_M if stddev_m is None else float(stddev_m)
    relative = np.linalg.norm((ratio_stddev, _DEFINITION_STDDEV, measured / length_m))
    return HandScale(float(length_m * ratio), float(length_m * ratio * relative), "user")


def scale_at_distance(
    normalized_joints: np.ndarray,
    keypoints_px: np.ndarray,
    camera: CameraModel,
    distance_m: float,
    distance_stddev_m: float = 0.01,
    lift: Lift | None = None,
) -> HandScale:
    """From one hand (21, 3), (21, 2) whose wrist is ``distance_m`` (0.05 to 5 m, along the optical axis) away.

    ``lift``: what a lifter said of it; then the pixels are those of joints' centres.
    """
    if not (np.isfinite(distance_m) and 0.05 <= distance_m <= 5.0):
        raise ValueError(f"distance {distance_m} m: give 0.05 to 5 metres from the camera to the wrist")
    placed = placement(normalized_joints, keypoints_px, camera, HandScale(_UNIT_M, 0.0, "calibrated"), lift)
    depth, stddev = placed.joints_m[WRIST, 2], placed.joint_stddev_m[WRIST, 1]
    relative = np.hypot(stddev / depth, distance_stddev_m / distance_m)
    return _measured(_UNIT_M * distance_m / depth, relative, "calibrated")


def scale_from_depth(
    normalized_joints: np.ndarray,
    keypoints_px: np.ndarray,
    camera: CameraModel,
    depth_image_m: np.ndarray,
    lift: Lift | None = None,
) -> HandScale:
    """From one hand (21, 3), (21, 2) and a depth image (H, W) in metres, aligned with the colour image.

    ``lift`` as in ``scale_at_distance``.

    Zero, NaN and infinity are no measurement. Each keypoint's depth is the median of its neighbourhood plus the
    distance from the skin to the joint's centre; the scale is the median over keypoints, since hidden joints and the
    background beside fingers give outliers to both sides. Raises ValueError when fewer than six keypoints have a depth.
    """
    depth_image_m = np.asarray(depth_image_m)
    if depth_image_m.ndim != 2 or not np.issubdtype(depth_image_m.dtype, np.floating):
        raise ValueError(f"depth image {depth_image_m.shape} {depth_image_m.dtype}: give (H, W) floats in metres")
    if depth_image_m.shape != (camera.height, camera.width):
        size = f"{camera.width} x {camera.height}"
        raise ValueError(f"depth image {depth_image_m.shape}: give one aligned with the {size} image")
    placed = placement(normalized_joints, keypoints_px, camera, HandScale(_UNIT_M, 0.0, "depth"), lift)
    measured = _sample(depth_image_m, keypoints_px) + _SKIN_TO_JOINT_M
    scales = _UNIT_M * measured / placed.joints_m[:, 2]
    scales = scales[np.isfinite(scales)]
    if len(scales) < _FEWEST_DEPTHS:
        raise ValueError(f"only {len(scales)} of 21 keypoints have a depth; {_FEWEST_DEPTHS} are needed")
    mean = np.median(scales)
    spread = 1.4826 * np.median(np.abs(scales - mean)) / mean
    pose = placed.joint_stddev_m[WRIST, 1] / placed.joints_m[WRIST, 2]
    skin = _SKIN_STDDEV_M / np.nanmedian(measured)
    return _measured(mean, np.linalg.norm((spread / np.sqrt(len(scales)), pose, skin)), "depth")


def combine(measurements) -> HandScale:
    """One scale from several of the same hand, such as one per frame: the median, robust against single bad frames.

    Frames of one hand share most of their error (same pose, same network), so the deviation is that of a typical
    measurement with half its variance averaged away, plus the measurements' own scatter; it never falls towards zero.
    """
    measurements = list(measurements)
    if not measurements:
        raise ValueError("no measurement of the hand scale: show one hand to the camera, flat and unoccluded")
    means = np.array([each.mean_m for each in measurements])
    typical = np.median([each.stddev_m for each in measurements])
    scatter = 1.4826 * np.median(np.abs(means - np.median(means)))
    count = len(measurements)
    stddev = np.sqrt(0.5 * typical**2 * (1.0 + 1.0 / count) + scatter**2 / count)
    return HandScale(float(np.median(means)), float(stddev), measurements[0].source)


def _measured(mean_m, relative, source) -> HandScale:
    if not 0.02 <= mean_m <= 0.2:
        raise ValueError(f"measured hand scale {mean_m:.3f} m is not a hand's: check distance and camera calibration")
    return HandScale(float(mean_m), float(min(mean_m * relative, 0.1)), source)


def _sample(depth_image_m, keypoints_px, radius=2) -> np.ndarray:
    """Median depth (21,) in squares of 2 radius + 1 pixels; NaN outside the image or where nothing was measured."""
    height, width = depth_image_m.shape
    offsets = np.stack(np.meshgrid(*[np.arange(-radius, radius + 1)] * 2), axis=-1).reshape(-1, 2)
    finite = np.nan_to_num(np.asarray(keypoints_px), nan=-1e6, posinf=-1e6, neginf=-1e6)
    x, y = np.moveaxis(np.rint(finite).astype(int)[:, None] + offsets, -1, 0)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    depths = np.where(inside, depth_image_m[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], np.nan)
    depths = np.where(np.isfinite(depths) & (depths > 0.0), depths, np.nan)
    values = np.full(len(depths), np.nan)
    measured = np.isfinite(depths).any(axis=1)
    values[measured] = np.nanmedian(depths[measured], axis=1)
    return values
