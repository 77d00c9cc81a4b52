"""Targets: convention of the labels, depth, mirroring."""

import pytest
import torch

from hand_pose_ros.training.image.keypoint_convention import TEACHER_OFFSETS, crop_scale, wrist_axes
from hand_pose_ros.training.image.pose_targets import curl, left_hands, mirrored, targets

SCALE = 0.22


def test_the_wrist_frame_points_to_the_middle_finger_and_out_of_the_back(batch):
    from hand_pose_ros.training.mean_hand import mean_hand

    flat = torch.from_numpy(mean_hand(curl=0.0)).float()  # fingers up (-y), palm towards the camera (-z)
    both = torch.stack([flat, flat * torch.tensor([-1.0, 1.0, 1.0])])
    axes = wrist_axes(both, torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(axes[:, :, 0], torch.tensor([[0.0, -1.0, 0.0]] * 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(axes[:, :, 2], torch.tensor([[0.0, 0.0, 1.0]] * 2), atol=0.2, rtol=0)
    torch.testing.assert_close(axes[0, 0, 1], -axes[1, 0, 1])  # y is mirrored


def test_the_scale_of_the_crop_is_found(batch):
    scale = crop_scale(batch.keypoints, batch.joints)
    torch.testing.assert_close(scale[:5], torch.full((5,), SCALE))
    assert float(scale[5]) == 0.0


def test_rendered_keypoints_move_by_the_table_and_photographs_stay(batch):
    said = targets(batch, real_depth=0.1).keypoints
    torch.testing.assert_close(said[2:], batch.keypoints[2:])
    moved = (said - batch.keypoints)[0]
    expected = SCALE * torch.tensor(TEACHER_OFFSETS) @ wrist_axes(batch.joints, batch.right)[0].T
    torch.testing.assert_close(moved, expected[:, :2])
    assert float(moved.norm(dim=1).max()) > 0.01


def test_a_mirrored_hand_has_mirrored_targets(batch):
    rows = torch.ones(6, dtype=torch.bool)
    straight = targets(batch, 0.1)
    mirror = targets(mirrored(batch, rows), 0.1)
    turned = straight.keypoints[:5] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    torch.testing.assert_close(mirror.keypoints[:5], turned)
    torch.testing.assert_close(mirror.depth, straight.depth)


def test_mirroring_twice_changes_nothing_and_touches_only_the_rows(batch):
    rows = left_hands(batch)
    assert rows.tolist() == [False, True, False, True, False, False]
    once = mirrored(batch, rows)
    assert once.right[:4].tolist() == [1.0, 1.0, 1.0, 1.0]
    torch.testing.assert_close(once.images[1], batch.images[1].flip(2))
    twice = mirrored(once, rows)
    for name in ("images", "keypoints", "joints", "right"):
        torch.testing.assert_close(getattr(twice, name), getattr(batch, name), equal_nan=True)
    torch.testing.assert_close(once.keypoints[[0, 2, 4, 5]], batch.keypoints[[0, 2, 4, 5]])


def test_depth_is_in_crop_widths_from_the_middle_mcp_and_photographs_count_less(batch):
    said = targets(batch, real_depth=0.1)
    torch.testing.assert_close(said.depth[0], SCALE * (batch.joints[0, :, 2] - batch.joints[0, 9, 2]))
    assert said.depth_weight[:, 0].tolist() == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.1, 0.0])


def test_depth_needs_all_keypoints(batch):
    batch.keypoint_weight[0, 4], batch.keypoints[0, 4] = 0.0, 0.0
    said = targets(batch, real_depth=1.0)
    assert not said.depth_weight[0].any()
    assert said.weight[0].sum() == 20


def test_curled_hands_weigh_more_where_asked(batch):
    from hand_pose_ros.training.mean_hand import mean_hand

    straight, fist = (torch.from_numpy(mean_hand(curl=angle)).float()[None] for angle in (0.0, 1.4))
    assert float(curl(straight)) == pytest.approx(0.0, abs=1e-5)
    assert 0.4 < float(curl(fist)) < 0.9
    assert float(curl(torch.zeros(1, 21, 3))) == 0.0
    plain, emphasised = targets(batch, 0.1), targets(batch, 0.1, curled=2.0)
    torch.testing.assert_close(emphasised.weight[:, 0], plain.weight[:, 0] * (1 + 2 * curl(batch.joints)))
