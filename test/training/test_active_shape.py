"""The active shape model of He et al. 2021."""

import pytest
import torch

from hand_pose_ros.training.active_shape import ActiveShape, shape_weight


def test_components_are_the_covariances_eigenvectors():
    generator = torch.Generator().manual_seed(0)
    spread = torch.tensor([3.0, 2.0, 0.1, 0.1])
    shapes = torch.randn(5000, 4, generator=generator) * spread + 7.0
    model = ActiveShape.fit(shapes, 2)
    torch.testing.assert_close(model.mean, torch.full((4,), 7.0), atol=0.2, rtol=0)
    torch.testing.assert_close(model.variance, torch.tensor([9.0, 4.0]), atol=0.5, rtol=0)
    torch.testing.assert_close(model.directions.abs()[:2], torch.eye(2), atol=0.05, rtol=0)


def test_nearest_shape_by_hand():
    model = ActiveShape(torch.zeros(3), torch.tensor([[1.0], [0.0], [0.0]]), torch.tensor([4.0]))
    given = torch.tensor([[1.0, 5.0, 5.0], [100.0, 1.0, 1.0], [-100.0, 0.0, 0.0]])
    # Along the component, clamped to 3 sqrt(4) = 6; across it, nothing.
    assert model.nearest(given).tolist() == [[1, 0, 0], [6, 0, 0], [-6, 0, 0]]


def test_shapes_of_the_model_are_kept():
    shapes = torch.randn(3, 1, generator=torch.Generator().manual_seed(1)) @ torch.randn(1, 63)
    model = ActiveShape.fit(shapes.reshape(3, 21, 3))
    torch.testing.assert_close(model.nearest(shapes.reshape(3, 21, 3)), shapes.reshape(3, 21, 3), atol=1e-5, rtol=1e-5)


def test_weight_falls_over_the_training():
    assert [shape_weight(p) for p in (0.0, 0.19, 0.2, 0.45, 0.7, 0.8, 1.0)] == [100, 100, 50, 25, 10, 1, 1]


def test_one_shape_has_no_variance():
    with pytest.raises(ValueError, match="1 shapes"):
        ActiveShape.fit(torch.zeros(1, 21, 3))
