"""Samples of datasets as training crops: the labels stay exact whatever the crop, what is unlabelled stays unknown."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import LEFT, RIGHT
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT
from hand_pose_ros.training.sample import HandLabel, Sample
from hand_pose_ros.training.sources.samples import SampleSource

CAMERA = CameraModel.from_intrinsics(320, 240, (300.0, 310.0, 155.0, 122.0))


def sample(folder, drawn, camera=CAMERA, **label) -> Sample:
    """A drawn hand whose joints the camera sees at its keypoints."""
    image = drawn.blank(320, 240)
    keypoints = drawn.hand(image, (170, 190), (150, 120), RIGHT)
    cv2.imwrite(str(folder / "hand.png"), image[..., ::-1])
    depth = 0.5 + 0.05 * drawn.template[:, 2]
    rays = CAMERA.unproject(keypoints)
    joints = rays / rays[:, 2:] * depth[:, None]
    values = {"keypoints_px": keypoints, "handedness": RIGHT, "joints_m": joints, "visible": np.ones(21, bool), **label}
    return Sample(folder / "hand.png", 320, 240, (HandLabel(**values),), camera)


def spots(image: torch.Tensor) -> np.ndarray:
    """(3, 2) middles of the red, green and blue disc of an image (3, S, S), fractions."""
    found = []
    for channel in range(3):
        rest = [other for other in range(3) if other != channel]
        mask = (image[channel] > 0.6) & (image[rest] < 0.4).all(dim=0)
        rows, columns = mask.nonzero(as_tuple=True)
        found.append([(columns.float().mean() + 0.5) / image.shape[2], (rows.float().mean() + 0.5) / image.shape[1]])
    return np.array(found)


def test_keypoints_lie_on_what_is_drawn_and_the_camera_sees_the_joints_there(tmp_path, drawn):
    batch = SampleSource([sample(tmp_path, drawn)], size=120, seed=1).batch(6)
    for row in range(6):
        np.testing.assert_allclose(batch.keypoints[row, [0, 9, 4]], spots(batch.images[row]), atol=0.012)
    metres = batch.joints * batch.hand_scale[:, None, None] + batch.root[:, None]
    rays = metres @ batch.camera.transpose(1, 2)
    torch.testing.assert_close(rays[..., :2] / rays[..., 2:], batch.keypoints, atol=1e-4, rtol=1e-4)
    assert batch.right.tolist() == [1] * 6
    assert (batch.segments == UNKNOWN_SEGMENT).all()


def test_crops_are_turned_so_that_palms_point_up_unless_asked_otherwise(tmp_path, drawn):
    samples = [sample(tmp_path, drawn)]
    turned, straight = (SampleSource(samples, 64, seed=2, upright=value).batch(40) for value in (False, True))

    def angle(batch):
        along = batch.keypoints[:, 9] - batch.keypoints[:, 0]
        return torch.atan2(along[:, 0], -along[:, 1]).rad2deg().mean()

    assert abs(angle(turned)) < 7
    assert angle(straight) == pytest.approx(-16, abs=7)
    box = turned.keypoints.amax(dim=1) - turned.keypoints.amin(dim=1)
    assert box.amax(dim=1).min() > 0.35
    assert box.amax(dim=1).max() < 0.8


def test_what_the_dataset_does_not_say_is_masked(tmp_path, drawn):
    keypoints = sample(tmp_path, drawn).hands[0].keypoints_px.copy()
    keypoints[[3, 7]] = np.nan
    unlabelled = sample(
        tmp_path, drawn, camera=None, handedness=None, joints_m=None, visible=None, keypoints_px=keypoints
    )
    batch = SampleSource([unlabelled], 48).batch(2)
    assert (batch.keypoint_weight == 0).sum() == 4
    assert (batch.keypoints[:, [3, 7]] == 0).all()
    assert (batch.joint_weight == 0).all()
    assert (batch.joints == 0).all()
    for name in ("visible", "root", "hand_scale", "camera", "right"):
        assert getattr(batch, name).isnan().all(), name
    assert batch.real.tolist() == [1, 1]


def test_joints_with_gaps_keep_the_known_ones(tmp_path, drawn):
    joints = sample(tmp_path, drawn).hands[0].joints_m.copy()
    joints[20] = np.nan
    batch = SampleSource([sample(tmp_path, drawn, joints_m=joints, handedness=LEFT)], 48, real=False).batch(1)
    assert batch.joint_weight[0].tolist() == [1] * 20 + [0]
    assert (batch.joints[0, 20] == 0).all()
    assert batch.right.tolist() == [0]
    assert batch.real.tolist() == [0]


def test_a_lens_with_distortion_has_no_k(tmp_path, drawn):
    bent = CameraModel(320, 240, CAMERA.matrix, (0.1, 0.0, 0.0, 0.0))
    assert SampleSource([sample(tmp_path, drawn, camera=bent)], 48).batch(1).camera.isnan().all()


def test_images_without_hands_give_crops_without_a_hand(tmp_path, drawn):
    cv2.imwrite(str(tmp_path / "room.png"), drawn.blank(80, 60))
    empty = Sample(tmp_path / "room.png", 80, 60, (), exhaustive=True)
    batch = SampleSource([empty], 32).batch(3)
    assert batch.present.tolist() == [0, 0, 0]
    assert (batch.keypoint_weight == 0).all()
    assert (batch.segments == 0).all()
    with pytest.raises(ValueError, match="1 samples hold no hand"):
        SampleSource([Sample(tmp_path / "room.png", 80, 60, ())], 32)
