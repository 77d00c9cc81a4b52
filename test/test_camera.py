"""Cameras against OpenCV, round trips of random lenses, fields of view that end, windows and bad calibrations."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_pose_ros.camera import CameraModel

MATRIX = np.array([[612.0, 0.0, 655.2], [0.0, 598.0, 341.7], [0.0, 0.0, 1.0]])
LENSES = {
    "plumb_bob": (-0.28, 0.07, 1e-3, -5e-4, 0.01),
    "rational_polynomial": (2.1, 1.5, 1e-3, -2e-4, 0.1, 2.3, 2.0, 0.4),
    "equidistant": (-0.02, 0.01, -0.005, 0.001),
}
GRID = np.stack(np.meshgrid(np.linspace(0, 1279, 17), np.linspace(0, 719, 11)), axis=-1)


def camera(model="plumb_bob", distortion=()):
    return CameraModel(1280, 720, MATRIX, distortion, model)


def opencv_project(points, model, distortion):
    function = cv2.fisheye.projectPoints if model == "equidistant" else cv2.projectPoints
    arguments = (np.array(points)[:, None], np.zeros(3), np.zeros(3), MATRIX, np.array(distortion, dtype=np.float64))
    return function(*arguments)[0][:, 0]


@pytest.mark.parametrize("model", LENSES)
def test_projection_is_opencvs(model):
    points = np.random.default_rng(1).uniform([-0.6, -0.4, 0.7], [0.6, 0.4, 2.0], (500, 3))
    expected = opencv_project(points, model, LENSES[model])
    np.testing.assert_allclose(camera(model, LENSES[model]).project(points), expected, atol=1e-8)


@pytest.mark.parametrize("model", LENSES)
def test_unprojection_is_opencvs(model):
    pixels, distortion = GRID.reshape(-1, 1, 2), np.array(LENSES[model])
    if model == "equidistant":
        expected = cv2.fisheye.undistortPoints(pixels, MATRIX, distortion)[:, 0]
    else:
        stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
        if hasattr(cv2, "undistortPointsIter"):  # OpenCV 4; part of undistortPoints since 5
            expected = cv2.undistortPointsIter(pixels, MATRIX, distortion, np.eye(3), np.eye(3), stop)[:, 0]
        else:
            expected = cv2.undistortPoints(pixels, MATRIX, distortion, criteria=stop)[:, 0]
    rays = camera(model, LENSES[model]).unproject(pixels[:, 0])
    np.testing.assert_allclose(rays[:, :2], expected, atol=1e-6)
    assert (rays[:, 2] == 1.0).all()


@pytest.mark.parametrize("model", LENSES)
def test_every_pixel_comes_back(model):
    one = camera(model, LENSES[model])
    np.testing.assert_allclose(one.project(3.0 * one.unproject(GRID)), GRID, atol=1e-7)


small = st.floats(-0.3, 0.3)
tiny = st.floats(-0.01, 0.01)


@settings(deadline=None, max_examples=150)
@given(st.tuples(small, small, tiny, tiny, small, small, small, small), st.floats(-0.9, 0.9), st.floats(-0.6, 0.6))
def test_whatever_comes_back_is_right(distortion, x, y):
    """Random lenses may fold or have no inverse: then NaN, never another point."""
    one = camera("rational_polynomial", distortion)
    pixel = one.project(np.array([x, y, 1.0]))
    ray = one.unproject(pixel)
    assert not np.isnan(pixel).any() or np.isnan(ray).all()
    if not np.isnan(ray).any():
        np.testing.assert_allclose(one.project(ray), pixel, atol=1e-6)
        np.testing.assert_allclose(ray[:2], (x, y), atol=1e-5)


@settings(deadline=None, max_examples=100)
@given(st.tuples(small, small, tiny, tiny), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_fisheye_comes_back(distortion, x, y):
    one = camera("fisheye", distortion)
    pixel = one.project(np.array([x, y, 1.0]))
    if not np.isnan(pixel).any():
        np.testing.assert_allclose(one.unproject(pixel), (x, y, 1.0), atol=1e-6)


def test_outside_the_valid_field_is_nan():
    """Barrel distortion with k1 alone stops growing at r = sqrt(-1 / (3 k1)); OpenCV's polynomial folds back there."""
    one = camera("plumb_bob", (-0.3,))
    edge = np.sqrt(1.0 / 0.9)
    assert np.isfinite(one.project([0.99 * edge, 0.0, 1.0])).all()
    assert np.isnan(one.project([1.01 * edge, 0.0, 1.0])).all()
    folded = opencv_project([[1.5 * edge, 0.0, 1.0]], "plumb_bob", (-0.3, 0, 0, 0))[0]
    assert 0 <= folded[0] < 1280  # OpenCV places it inside the picture
    farthest = 655.2 + 612.0 * edge * (1 - 0.3 * edge**2)
    assert np.isfinite(one.unproject([farthest - 1.0, 341.7])).all()
    assert np.isnan(one.unproject([farthest + 1.0, 341.7])).all()


@pytest.mark.parametrize("model", LENSES)
def test_points_without_an_image(model):
    one = camera(model, LENSES[model])
    for point in ([0.1, 0.1, -1.0], [0.1, 0.1, 0.0], [np.nan, 0.0, 1.0]):
        assert np.isnan(one.project(point)).all()
    assert np.isnan(one.unproject([np.nan, 3.0])).all()
    assert one.project(np.zeros((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("model", LENSES)
def test_magnification_is_the_derivative(model):
    one = camera(model, LENSES[model])
    rays, step = one.unproject(GRID), 1e-6
    slopes = [
        (one.project(rays + shift) - one.project(rays - shift)) / (2 * step)
        for shift in (np.array([step, 0, 0]), np.array([0, step, 0]))
    ]
    area = slopes[0][..., 0] * slopes[1][..., 1] - slopes[0][..., 1] * slopes[1][..., 0]
    np.testing.assert_allclose(one.pixels_per_unit(rays), np.sqrt(area), rtol=1e-5)


def test_field_of_view():
    one = CameraModel.from_fov(640, 480, 90.0)
    left, right = one.unproject([[-0.5, 239.5], [639.5, 239.5]])
    np.testing.assert_allclose((left[0], right[0]), (-1.0, 1.0))
    assert CameraModel.from_intrinsics(640, 480, one.intrinsics) == one
    assert hash(CameraModel.from_intrinsics(640, 480, one.intrinsics)) == hash(one)
    assert one != CameraModel.from_fov(640, 480, 80.0)


@pytest.mark.parametrize("model", LENSES)
def test_resized_sees_the_same_ray_at_the_same_place(model):
    one = camera(model, LENSES[model])
    half = one.resized(640, 360)
    np.testing.assert_allclose(half.unproject((GRID + 0.5) / 2.0 - 0.5), one.unproject(GRID), atol=1e-9)


def test_window_and_binning():
    """A binned pixel's centre is the centre of the pixels it was made of."""
    one = camera("plumb_bob", LENSES["plumb_bob"])
    window = one.windowed(x_offset=100, y_offset=40, width=800, height=600, binning_x=2, binning_y=4)
    assert (window.width, window.height) == (400, 150)
    pixel = np.array([10.0, 20.0])
    original = (pixel + 0.5) * (2, 4) - 0.5 + (100, 40)
    np.testing.assert_allclose(window.unproject(pixel), one.unproject(original), atol=1e-9)
    assert one.windowed() == one
    with pytest.raises(ValueError, match="leaves the 1280 x 720 image"):
        one.windowed(x_offset=1000, width=400)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"matrix": np.zeros((3, 3))}, "focal lengths fx = 0.0"),
        ({"matrix": np.eye(3)}, "focal lengths fx = 1.0"),
        ({"matrix": MATRIX * np.nan}, "non-finite"),
        ({"matrix": np.diag([600.0, -600.0, 1.0])}, "focal lengths"),
        ({"matrix": np.diag([600.0, 600.0, 2.0])}, r"give \[\[fx"),
        ({"matrix": np.ones((3, 4))}, r"shape \(3, 4\)"),
        ({"matrix": [[600, 0, 1e9], [0, 600, 0], [0, 0, 1]]}, "principal point"),
        ({"width": 0}, "image size 0 x 720"),
        ({"width": 640.5}, "image size 640.5"),
        ({"distortion": (np.nan,)}, "distortion"),
        ({"distortion": (0.1,) * 8}, "plumb_bob takes up to 5"),
        ({"distortion_model": "mirror_ball"}, "'mirror_ball': give one of plumb_bob"),
    ],
)
def test_bad_calibrations_are_refused(change, message):
    arguments = {"width": 1280, "height": 720, "matrix": MATRIX} | change
    with pytest.raises(ValueError, match=message):
        CameraModel(**arguments)
    with pytest.raises(ValueError, match="field of view"):
        CameraModel.from_fov(640, 480, 180.0)


def test_message_layouts_are_understood():
    """CameraInfo carries K as nine numbers, D padded with zeros, and "" as the model of an undistorted image."""
    one = CameraModel(1280, 720, MATRIX.ravel(), [0.0] * 14, "")
    assert one.distortion_model == "plumb_bob"
    assert one == camera("plumb_bob", [0.0] * 14)
    with pytest.raises(ValueError, match="read-only"):
        one.matrix[0, 0] = 1.0
