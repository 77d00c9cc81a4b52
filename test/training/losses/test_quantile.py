import pytest
import torch

from hand_pose_ros.training.losses.quantile import ONE_SIGMA, coverage_loss


def test_the_least_loss_covers_one_sigma_of_heavy_tailed_errors():
    generator = torch.Generator().manual_seed(0)
    errors = torch.randn(20_000, generator=generator) / torch.rand(20_000, generator=generator).clamp_min(0.01)
    log_stddev = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([log_stddev], 0.02)
    for _ in range(300):
        optimiser.zero_grad()
        coverage_loss(errors, log_stddev.exp()).mean().backward()
        optimiser.step()
    covered = float((errors.abs() <= log_stddev.exp()).float().mean())
    assert covered == pytest.approx(ONE_SIGMA, abs=0.02)


def test_an_error_that_would_learn_is_refused():
    with pytest.raises(ValueError, match="detach"):
        coverage_loss(torch.ones(1, requires_grad=True), torch.ones(1))
