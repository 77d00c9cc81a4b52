import pytest
import torch

from hand_pose_ros.training.losses.heatmaps import gaussian, heatmap_divergence, inside, weighted_mean


def test_a_gaussian_is_a_distribution_whose_mean_is_the_keypoint():
    keypoints = torch.tensor([[[0.3, 0.6], [0.52, 0.41]]])
    target = gaussian(keypoints, 24, 32, 1.5)
    torch.testing.assert_close(target.sum(dim=(2, 3)), torch.ones(1, 2))
    x = (target.sum(dim=2) * (torch.arange(32) + 0.5)).sum(dim=2) / 32
    y = (target.sum(dim=3) * (torch.arange(24) + 0.5)).sum(dim=2) / 24
    torch.testing.assert_close(torch.stack([x, y], dim=2), keypoints, atol=1e-3, rtol=0)


def test_the_divergence_is_zero_for_the_target_itself_and_positive_elsewhere():
    keypoints, weight = torch.rand(2, 21, 2) * 0.6 + 0.2, torch.ones(2, 21)
    logits = gaussian(keypoints, 16, 16, 1.0).clamp_min(1e-20).log()
    assert float(heatmap_divergence(logits, keypoints, weight, 1.0)) == pytest.approx(0.0, abs=1e-4)
    assert float(heatmap_divergence(logits.roll(2, 3), keypoints, weight, 1.0)) > 1.0


def test_unlabelled_keypoints_do_not_count_even_if_they_are_no_numbers():
    keypoints, weight = torch.full((1, 21, 2), 0.5), torch.ones(1, 21)
    logits = torch.randn(1, 21, 16, 16, requires_grad=True)
    whole = heatmap_divergence(logits[:, :10], keypoints[:, :10], weight[:, :10], 1.0)
    keypoints[:, 10:], weight[:, 10:] = float("nan"), 0.0
    loss = heatmap_divergence(logits, keypoints, weight, 1.0)
    assert float(loss.detach()) == pytest.approx(float(whole.detach()))
    loss.backward()
    assert torch.isfinite(logits.grad).all()
    assert not logits.grad[:, 10:].any()


def test_a_mean_of_nothing_is_zero():
    assert float(weighted_mean(torch.ones(3), torch.zeros(3))) == 0.0


def test_keypoints_far_outside_of_the_crop_have_no_heatmap():
    keypoints = torch.tensor([[[0.5, 0.5], [-0.02, 0.5], [0.5, 1.2]]])
    assert inside(keypoints).tolist() == [[1.0, 1.0, 0.0]]
