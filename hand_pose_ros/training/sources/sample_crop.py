"""One crop of a labelled image of any dataset, with its labels in the crop's fractions, axes and camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.crop import crop_to_image, invert, rotation, sample, square_box, transform
from hand_pose_ros.detector import upright_angle
from hand_pose_ros.hand import MIDDLE_MCP, RIGHT, WRIST, OrientedBox
from hand_pose_ros.region import bounding_box
from hand_pose_ros.training.sample import HandLabel


@dataclass(frozen=True)
class Framing:
    """How a crop lies around a hand."""

    upright: bool = False
    """Along the image's axes; else turned so that the palm points up."""
    fills: tuple[float, float] = (0.42, 0.70)
    """Share of the crop that the keypoints' box fills."""
    roll_deg: float = 15.0
    """Deviation of the roll."""
    shift: float = 0.03
    """Deviation of the place, shares of the crop's side."""

    def box(self, keypoints_px: np.ndarray, generator: np.random.Generator) -> OrientedBox:
        """A random square around keypoints (21, 2), NaN where unlabelled."""
        known = np.isfinite(keypoints_px).all(axis=1)
        angle = np.radians(generator.normal(0, self.roll_deg))
        if not self.upright and known[WRIST] and known[MIDDLE_MCP]:
            angle += upright_angle(keypoints_px[WRIST], keypoints_px[MIDDLE_MCP])
        around = bounding_box(keypoints_px[known], angle)
        side = max(around.size_px) / generator.uniform(*self.fills)
        shift = rotation(angle) @ generator.normal(0, self.shift * side, 2)
        return square_box(np.asarray(around.centre_px) + shift, side, angle)


def crop_row(image: np.ndarray, label: HandLabel, camera: CameraModel | None, box: OrientedBox, size: int) -> dict:
    """The crop of ``size`` px of ``image`` (H, W, 3) and its labels as in ``HandBatch``; NaN where unknown."""
    inverse, turn = invert(crop_to_image(box)), np.eye(3)
    turn[:2, :2] = rotation(box.angle_rad).T
    visible = np.full(21, np.nan) if label.visible is None else label.visible.astype(float)
    joints = np.full((21, 3), np.nan) if label.joints_m is None else label.joints_m @ turn.T
    return {
        "images": shrunk_sample(image, box, size),
        "keypoints": transform(inverse, label.keypoints_px),
        "visible": visible,
        "joints_m": joints,
        "hand_scale": label.hand_scale_m,
        "camera": _camera(camera, inverse, turn),
        "right": np.nan if label.handedness is None else float(label.handedness == RIGHT),
        "present": 1.0,
    }


def empty_row(image: np.ndarray, size: int, generator: np.random.Generator) -> dict:
    """A random crop of an image without hands."""
    height, width = image.shape[:2]
    side = np.exp(generator.uniform(np.log(0.2), np.log(0.9))) * min(width, height)
    centre = [generator.uniform(side / 2, length - side / 2) for length in (width, height)]
    box = square_box(centre, side, generator.uniform(-np.pi, np.pi))
    nothing = HandLabel(np.full((21, 2), np.nan))
    return {**crop_row(image, nothing, None, box, size), "present": 0.0}


def _camera(camera: CameraModel | None, inverse: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """K of the crop; NaN without a camera, or where its lens is not a pinhole and no K tells the truth."""
    if camera is None or any(camera.coefficients):
        return np.full((3, 3), np.nan)
    return np.vstack([inverse, [0.0, 0.0, 1.0]]) @ camera.matrix @ turn.T


def shrunk_sample(image: np.ndarray, box: OrientedBox, size: int) -> np.ndarray:
    """(size, size, 3) crop; large boxes are read at a multiple of the size and averaged, so that nothing aliases."""
    times = max(round(box.size_px[0] / size), 1)
    pixels = sample(image, crop_to_image(box), size * times)
    return pixels.reshape(size, times, size, times, 3).mean(axis=(1, 3)).round().astype(np.uint8)
